"""Write docs/real-models.md from real_models/: what was found in each model, and whether it is true.

`--check` only checks whether the page is current. `python real_models/record.py FOLDER` records anew.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).with_name("real-models.md")
FOLDER = Path(__file__).parents[1] / "real_models"
SHOWN = 4  # findings of one rule in one model; `findings.json` has all of them
INTRODUCTION = """\
# Real models

<!-- Written by docs/generate_real_models.py; a test checks that it is current. -->

What strideinspect says, without options, of models that were not made for it: those that packages ship, and networks
that everybody uses, as each exporter writes them at their design size and at another. Every error and every warning is
listed with a judgement: why it is true, or what is to be mended. `real_models/README.md` says where the models come
from and how this page is made."""


class Entry(NamedTuple):
    """A finding above a note.

    Attributes:
        model: The model, relative to the folder of models.
        rule: Id of the rule.
        place: Name of the node, output or input concerned.
        message: The finding's message.
        help: The finding's help.
    """

    model: str
    rule: str
    place: str
    message: str
    help: str


class Judgement(NamedTuple):
    """What a person says of the findings of one rule in some models.

    Attributes:
        rule: Id of the rule.
        models: The models, relative to the folder of models.
        entries: How many findings were looked at.
        why: Why they are true and worth a look; empty where they are not.
        fault: What is to be mended in them: untrue, useless, or said twice; empty where they are as they should be.
    """

    rule: str
    models: tuple[str, ...]
    entries: int
    why: str = ""
    fault: str = ""


def recorded() -> list[dict[str, object]]:
    """Every inspected model, as `record.py` wrote it."""
    return json.loads((FOLDER / "findings.json").read_text(encoding="utf-8"))


def entries() -> list[Entry]:
    """Every finding above a note."""
    return [Entry(model["model"], **finding) for model in recorded() for finding in model.get("above", ())]


def judgements() -> list[Judgement]:
    """Every judgement, by rule."""
    written = tomllib.loads((FOLDER / "judgements.toml").read_text(encoding="utf-8")).get("judgement", [])
    found = [Judgement(**{**each, "models": tuple(each["models"])}) for each in written]
    return sorted(found, key=lambda judgement: judgement.rule)


def unmatched() -> list[str]:
    """What keeps entries and judgements from matching one to one: a line each."""
    there = Counter((entry.rule, entry.model) for entry in entries())
    judged = Counter((judgement.rule, model) for judgement in judgements() for model in judgement.models)
    problems = [f"no judgement: {rule} in {model}" for rule, model in sorted(there.keys() - judged.keys())]
    problems += [f"nothing to judge: {rule} in {model}" for rule, model in sorted(judged.keys() - there.keys())]
    problems += [f"judged twice: {rule} in {model}" for (rule, model), times in sorted(judged.items()) if times > 1]
    for judgement in judgements():
        count = sum(there[judgement.rule, model] for model in judgement.models)
        if count != judgement.entries:
            problems.append(
                f"{judgement.rule} in {judgement.models[0]} …: {judgement.entries} looked at, {count} found"
            )
        if bool(judgement.why) == bool(judgement.fault):
            problems.append(f"{judgement.rule} in {judgement.models[0]} …: either `why` or `fault`")
    return problems


def table(kind: str) -> str:
    """The models of one kind: exit status and number of findings."""
    rows = ["| model | exit status | errors | warnings | notes |", "|---|---|---|---|---|"]
    for model in recorded():
        if model["model"].startswith(f"{kind}/"):
            counts = [model.get(severity, "–") for severity in ("errors", "warnings", "notes")]
            name = model["model"].removeprefix(f"{kind}/")
            rows.append(" | ".join(["| " + name, str(model["status"]), *map(str, counts)]) + " |")
    return "\n".join(rows)


def refused() -> str:
    """The models that were not inspected, with the reason."""
    return "\n".join(f"- {model['refused']}" for model in recorded() if "refused" in model)


def judged(judgement: Judgement) -> str:
    """A judgement, and the findings that it is about."""
    verdict = f"True: {judgement.why}" if judgement.why else f"**To mend**: {judgement.fault}"
    parts = [f"{verdict}"]
    for model, found in groupby(
        (entry for entry in entries() if entry.rule == judgement.rule and entry.model in judgement.models),
        key=lambda entry: entry.model,
    ):
        several = list(found)
        parts.append(f"- {model}")
        parts += [
            f"  - {entry.message} *({entry.help})*" if entry.help else f"  - {entry.message}" for entry in several
        ]
    return parts[0] + "\n\n" + "\n".join(parts[1:])


def page() -> str:
    """The whole page."""
    models, found = recorded(), entries()
    wrong = sum(judgement.entries for judgement in judgements() if judgement.fault)
    failing = sum(1 for model in models if model["status"] != 0)
    summary = (
        f"{len(models)} models; {failing} do not end with exit status 0. {len(found)} findings above a note, of which"
        f" {wrong} are to be mended."
    )
    parts = [INTRODUCTION, summary, "## Models that packages ship", table("packages")]
    parts += ["## Exports", table("exports"), "## Above a note"]
    for rule, group in groupby(judgements(), key=lambda judgement: judgement.rule):
        parts += [f"### [{rule}](rules/{rule}.md)", *(judged(judgement) for judgement in group)]
    if refused():
        parts += ["## Not inspected", refused()]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        there = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        sys.exit(0 if there == page() else "stale: docs/real-models.md; run python docs/generate_real_models.py")
    PAGE.write_text(page(), encoding="utf-8")
    for line in unmatched():
        print(line, file=sys.stderr)
