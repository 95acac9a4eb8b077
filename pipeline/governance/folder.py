"""The output folder of `emporium govern`: numbered versions, and a link to the newest.

Taking something back makes a version beside the last one, so that a reader never meets half of it
and a mistake costs nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import shutil
from collections.abc import Iterator

LATEST = "latest"

_INCOMING = ".incoming"
_KEPT = 2


class GovernedFolderError(ValueError):
    """The folder is not one that `emporium govern` wrote; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Version:
    """What one call wrote.

    Attributes:
        root: of the version.
    """

    root: pathlib.Path

    @property
    def data(self) -> pathlib.Path:
        """The governed tables, in the dataset contract."""
        return self.root / "data"

    @property
    def tables(self) -> pathlib.Path:
        """The same rows as the pipeline's components hold them."""
        return self.root / "tables"

    @property
    def decisions(self) -> pathlib.Path:
        """The log."""
        return self.root / "decisions"

    @property
    def graph(self) -> pathlib.Path:
        """The knowledge graph: `triples-*.parquet` and `graph.json`."""
        return self.root / "graph"

    @property
    def ingest(self) -> pathlib.Path:
        """What ingest could not use, and its balance."""
        return self.root / "quarantine"

    @property
    def profile(self) -> pathlib.Path:
        """Statistics of each table as ingested."""
        return self.root / "profile"

    @property
    def reports(self) -> pathlib.Path:
        """What a person reads."""
        return self.root / "reports"


def newest_version(root: pathlib.Path) -> Version:
    """The version that `latest` links to.

    Raises:
        GovernedFolderError: there is none.
    """
    link = root / LATEST
    if not (link / "decisions").is_dir():
        raise GovernedFolderError(
            f"{root}: there is no {LATEST}/decisions in it; name the --out folder of "
            "`emporium govern`")
    return Version(link.resolve())


@contextlib.contextmanager
def new_version(root: pathlib.Path) -> Iterator[Version]:
    """A version to write, which is there, and is the latest, only when all went well.

    The caller holds the folder's lock. Older versions but one are removed.
    """
    incoming = root / _INCOMING
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir()
    yield Version(incoming)
    numbers = sorted(int(path.name) for path in root.iterdir() if path.name.isdecimal())
    target = root / str(numbers[-1] + 1 if numbers else 1)
    incoming.rename(target)
    link = root / f".{LATEST}"
    link.unlink(missing_ok=True)
    link.symlink_to(target.name)
    os.replace(link, root / LATEST)
    for number in numbers[:max(0, len(numbers) + 1 - _KEPT)]:
        shutil.rmtree(root / str(number))
