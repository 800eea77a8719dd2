"""The three answers at the top of the page, for models whose answers are known."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from strideinspect.page.three_questions import answers
from strideinspect.results.verdict import Counts, Verdict, Verification
from tests.page.pages import sample

WORDS = [
    # (224 − 11) / 4 leaves a row, the pooling of 54 another: 219–223 are lost, and a cell sees 67 of 224.
    ("alexnet-stem-dynamo", ("No", "Up to 29.9 % per axis")),
    ("resnet50-dynamo", ("Yes", "All of the image")),  # a global pooling
    ("wavenet-dynamo", ("Yes", "Up to 3.1 % per axis")),  # 127 of 4,096
    ("yolo-dynamo", ("Yes", "All of the image")),  # three maps, the finest with a receptive field of 634 of 320
    ("resnet3d-dynamo", ("Yes", "All of the volume")),
]


@pytest.mark.parametrize(("name", "words"), WORDS)
def test_answers(name: str, words: tuple[str, str]) -> None:
    """Whether every pixel counts, and whether the output sees enough."""
    first, second, third = answers(sample(name))
    assert (first.answer, second.answer) == words
    assert (third.answer, third.sentences) == ("Not checked", ("not checked: not requested",))


@pytest.mark.parametrize(
    ("verification", "word"),
    [
        (Verification(Verdict.AGREED, runtime="onnxruntime 1", fields=Counts(agreed=3)), "Yes, by running it"),
        (Verification(Verdict.CONTRADICTED, fields=Counts(contradicted=1)), "Contradicted"),
        (Verification(Verdict.NOT_CHECKED, reason="it took too long", fields=Counts(agreed=1)), "In part"),
    ],
)
def test_verified(verification: Verification, word: str) -> None:
    """What running the model says, in a word."""
    report = replace(sample("alexnet-stem-dynamo"), verification=verification)
    assert answers(report)[2].answer == word
