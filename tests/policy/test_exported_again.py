"""Accepted findings of real networks: PyTorch's two exporters name everything but the modules differently."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from strideinspect import Report
from strideinspect.policy.entry import entries
from strideinspect.policy.recognition import match
from strideinspect.results.one_cause import places_of
from tests.cli.process import SAMPLES
from tests.unverified import unverified

NETWORKS = ("alexnet-stem", "mobilenetv2", "resnet18", "squeezenet11", "unet-dynamic")
EXPORTERS = ("dynamo", "torchscript")


@cache
def report(network: str, exporter: str) -> Report:
    """The report on a sample."""
    return unverified(SAMPLES / f"{network}-{exporter}.onnx")


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("exporters", [EXPORTERS, EXPORTERS[::-1]])
def test_another_exporter(network: str, exporters: tuple[str, str]) -> None:
    """One network, one set of findings: all that is accepted of one export is accepted of the other."""
    before, after = (report(network, exporter) for exporter in exporters)
    found = match(after, entries(before, ""))
    assert before.findings
    assert (found.new, found.unused) == ((), ())


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_one_mended_another_new(network: str, exporter: str) -> None:
    """Whichever finding is mended and whichever appears: the one is stale, the other new, however alike they are."""
    today = report(network, exporter)
    every = entries(today, "")
    places = [place for finding in today.findings for place in places_of(finding)]
    for mended in range(len(every)):
        for appeared in set(range(len(every))) - {mended}:
            after = replace(today, findings=tuple(f for i, f in enumerate(places) if i != mended))
            found = match(after, [entry for i, entry in enumerate(every) if i != appeared])
            assert (found.new, found.unused) == ((places[appeared],), (every[mended],))
