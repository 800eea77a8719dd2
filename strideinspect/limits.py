"""Every bound on work and memory, with its reason, so that what one analysis may spend can be read in one place.

A bound is a plain number: importing this file loads nothing.
"""

from __future__ import annotations

# Reading a file and inferring shapes (model/)


# Describing and composing reads (reads/, fields/)


# Building the report and its advice (analysis, rules/, studies)


# Running the model (verify/)
