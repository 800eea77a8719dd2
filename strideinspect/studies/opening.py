"""A file as a network whose open sizes are yet to be chosen: where every inspection and every study begins."""

from __future__ import annotations

import os

from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.errors import InputShapeError
from strideinspect.model.input_values import with_values
from strideinspect.model.inputs import choose
from strideinspect.model.load import LoadedModel, load
from strideinspect.model.network import prepare
from strideinspect.model.shapes import Trouble
from strideinspect.reads.families import refuse_misdeclared
from strideinspect.settings import Settings
from strideinspect.spelling import listed, shape_text
from strideinspect.studies.size_trials import SizeTrials


class Opened(Struct, frozen=True):
    """A model with the values that were given for its inputs, and the trials of the sizes that it leaves open."""

    model: LoadedModel
    trials: SizeTrials


def opened(path: str | os.PathLike[str], settings: Settings) -> Opened:
    """Read a file, with the input values, the input shapes and the operators of these settings."""
    model = with_values(load(path), settings.input_values)
    refuse_misdeclared(settings.operators)
    network = prepare(model, settings.operators)
    return Opened(model, SizeTrials(network, choose(network, settings.input_shapes)))


def refuse_stopped(analysis: Analysis, path: str, *, early: bool = False) -> None:
    """Refuse a size at which the model does not run; with `early` only where no input has a spatial axis then.

    Without this, a study would say that no window slides over an input. Raises InputShapeError.
    """
    text = stopped(analysis)
    if text is not None and not (early and analysis.input_axes):
        raise InputShapeError(f"{path} {text}", "give another size; strideinspect sizes shows which ones run")


def stopped(analysis: Analysis) -> str | None:
    """`does not run with image 1×3×100×100: Concat /Concat: …`; None where every node runs.

    An operator that the standard does not know may run all the same, and is no reason.
    """
    first = next((problem for problem in analysis.problems if problem.trouble is not Trouble.FOREIGN), None)
    if first is None:
        return None
    shapes = listed([f"{name} {shape_text(shape)}" for name, shape in analysis.sizes.items()])
    return f"does not run with {shapes}: {first.node.op} {first.node.label}: {first.text}"


def analysed(path: str | os.PathLike[str], settings: Settings) -> Analysis:
    """The analysis at the sizes that are given, else at those that the program chooses."""
    return opened(path, settings).trials.best().analysis
