"""Every bound on work and memory, with its reason, so that what one analysis may spend can be read in one place.

A bound is a plain number: importing this file loads nothing.
"""

from __future__ import annotations

# Reading a file and inferring shapes (model/)


# Describing and composing reads (reads/, fields/)


# Building the report and its advice (analysis, rules/, studies)


# Running the model (verify/)

MOST_IMPULSES = 96
"""Impulses sent through the model with its weights, over all axes of all inputs: each is one full run."""

MOST_BYTES_WITH_WEIGHTS = 1 << 30
"""Bytes of a model file through which impulses are sent: it is in memory three times while it is prepared."""

MOST_WATCHED_ELEMENTS = 1 << 25
"""Elements of all tensors that are compared after each impulse; two copies of them are kept."""

WORKER_GRACE_SECONDS = 5
"""Seconds past the deadline after which the worker ends itself, should the client be gone that would end it."""
