"""Every bound on work and memory, with its reason, so that what one analysis may spend can be read in one place.

A bound is a plain number: importing this file loads nothing.
"""

from __future__ import annotations

# Reading a file and inferring shapes (model/)


# Describing and composing reads (reads/, fields/)

LARGEST_OFFSET = 1 << 29
"""Closed forms with offsets or strides of this many pixels are given up.

No image is that wide, and the sum of two such offsets still fits into the 32-bit integers in which fields are kept.
"""

LARGEST_FIELD_ARRAY = 1 << 24
"""Entries of an array of hulls, 128 MiB. Beyond, a tensor is taken to depend on the whole input, with the reason."""

MOST_REPORTED_PHASES = 64
"""A closed form with more phases is not reported: the list would be too long to read, and --positions has the data."""

MOST_PHASES = 1 << 12
"""A closed form with more phases is given up. It is more than are reported, as a later node may reduce the number."""

LARGEST_INDEX_TABLE = 1 << 20
"""Entries of a table that lists an input element for each output element, 8 MiB; otherwise all is taken as read."""

LARGEST_CACHED_TAPS = 1 << 12
"""Entries of a periodic read that is cached: networks repeat small windows, and large tables rarely occur twice."""

LARGEST_CACHED_HULLS = 1 << 13
"""Entries of a hull array that is cached, 32 KiB: a cache of 128 of them holds 4 MiB at most."""

LONGEST_CACHED_AXIS = 1 << 14
"""Length of an axis for which masks, losses and resize tables are cached; longer ones would fill the memory."""

MOST_LISTED_WINDOWS = 3
"""Windows inside the body of a Loop that a reason names: enough to recognise the body, short enough for one line."""


# Building the report and its advice (analysis, rules/, studies)


# Running the model (verify/)
