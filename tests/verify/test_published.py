"""AlexNet as it ships in the onnx package, against published numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnx

from strideinspect.results.field import Positions
from strideinspect.results.report import Unseen
from strideinspect.results.verdict import Counts, Verdict
from strideinspect.verify.claims import Claims, FieldClaim
from strideinspect.verify.client import Verifier
from tests.verify.helpers import checked

MODEL: Final = Path(onnx.__file__).parent / "backend/test/data/light/light_bvlc_alexnet.onnx"
POOL5: Final = "r14"


def claims() -> Claims:
    """Pool5 sees 195 rows every 32, the first from −64 on (Araujo et al., 2019): of its index u, 32u−64 to 32u+130.

    Of the 224 rows none behind 218 is read: pool1 (3/2) covers conv1's rows 0–52 only, and 52·4 + 10 = 218.
    """
    positions = Positions.of([max(0, 32 * u - 64) for u in range(6)], [min(218, 32 * u + 130) for u in range(6)])
    return Claims(
        shapes={"r0": (1, 96, 54, 54), POOL5: (1, 256, 6, 6), "prob_1": (1, 1000)},
        fields=[FieldClaim("data_0", axis, POOL5, None, axis, positions, None) for axis in (2, 3)],
        unseen=[Unseen("data_0", axis, ((219, 223),)) for axis in (2, 3)],
        nodes={},
    )


def test_alexnet_at_224() -> None:
    """Shapes, the published field cut off at the border, and five unseen rows and columns."""
    with Verifier(str(MODEL), timeout=120) as verifier:
        verifier.begin({"data_0": (1, 3, 224, 224)})
        found = checked(verifier, claims())
    assert (found.status, found.details) == (Verdict.AGREED, ())
    assert (found.shapes, found.fields, found.unseen) == (Counts(agreed=3), Counts(agreed=1), Counts(agreed=2))
