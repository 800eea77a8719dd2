"""What the outputs of a model really see, for the rules that judge it, for the page, and for `erf`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from strideinspect.analysis import Analysis
from strideinspect.errors import StrideinspectError, UnsupportedModelError
from strideinspect.gradients import feeds
from strideinspect.gradients.engine import EngineError
from strideinspect.results.effective_field import EffectiveField, EffectiveOutput
from strideinspect.studies import averaged_gradients as study
from strideinspect.studies.middle_cells import middles_of
from strideinspect.verify.refusal import plain

_NOISE: Final = feeds.chosen(None, (), ((), ()), 0, None)


def measured(analysis: Analysis, path: str, request: study.Request) -> EffectiveField:
    """The effective field of one cell. Raises UnsupportedModelError, also where onnxruntime refuses, and UsageError."""
    try:
        return study.effective_field(analysis, path, request)
    except EngineError as error:
        raise UnsupportedModelError(f"{path}: {plain(error)}") from None


def effective_outputs(
    analysis: Analysis, progress: Callable[[str], None], fed: study.FeedsOf = _NOISE
) -> Iterator[EffectiveOutput]:
    """The middle index of each output, of each level of a detector's, or of the map that a classifier pools.

    `fed` is what the model is fed: by default noise. Where the file has no weights there is nothing to judge.
    """
    path = analysis.network.model.path
    for output in analysis.network.outputs:
        for place in middles_of(analysis, output):
            request = study.Request(place, fed, 0, partial(_told, progress, output))
            try:
                field = measured(analysis, path, request)
            except StrideinspectError as error:
                yield EffectiveOutput(output, None, error.message.removeprefix(f"{path}: "))
            else:
                lacking = "the file has no weights" if field.random_weights else ""
                yield EffectiveOutput(output, field, lacking)


def _told(progress: Callable[[str], None], output: str, step: str) -> None:
    progress(f"{step}, for {output}")
