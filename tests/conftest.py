"""What holds for every test."""

from __future__ import annotations

import os

# A report that another run has kept would hide what a test is about; the tests of the cache name a folder of their own.
os.environ["STRIDEINSPECT_CACHE_DIR"] = os.devnull
