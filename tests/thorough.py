"""How many examples a test of generated cases takes.

`bounded` limits a test to a fixed set of examples, the same in every run. `STRIDEINSPECT_THOROUGH=20` in the
environment takes twenty times as many and new ones every time: for a night, or after a change to the fields.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

THOROUGH = int(os.environ.get("STRIDEINSPECT_THOROUGH", "1"))


def bounded(examples: int) -> settings:
    """Settings for so many examples, times STRIDEINSPECT_THOROUGH."""
    return settings(
        max_examples=examples * THOROUGH,
        derandomize=THOROUGH == 1,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
