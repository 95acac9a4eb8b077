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
_MARKER = ".governed"
"""Empty file by which a folder that is written here is known; nothing else is ever removed."""

_BESIDE = frozenset({".lock", "logs"})
"""What a call leaves in the output folder before there is a version."""


class GovernedFolderError(ValueError):
    """The folder is not one that `emporium govern` wrote; the message says what to do."""


def check_root(root: pathlib.Path) -> None:
    """Sees to it that an output folder is new, empty or one of `emporium govern`.

    Raises:
        GovernedFolderError: it holds something else.
    """
    if not root.is_dir():
        return
    others = sorted(path.name for path in root.iterdir() if path.name not in _BESIDE)
    if others and not any(_is_ours(root / name) for name in others):
        raise GovernedFolderError(
            f"output folder {root}: it holds {others[0]}, which `emporium govern` did not write; "
            "name a new or an empty folder with --out")


def _is_ours(folder: pathlib.Path) -> bool:
    return not folder.is_symlink() and (folder / _MARKER).is_file()


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
    def counts(self) -> pathlib.Path:
        """Counts of rows and decisions, of which the report is made."""
        return self.root / "counts.json"

    @property
    def reports(self) -> pathlib.Path:
        """What a person reads."""
        return self.root / "reports"


def newest_version(root: pathlib.Path) -> Version:
    """The version that `latest` links to.

    Raises:
        GovernedFolderError: there is none.
    """
    version = (root / LATEST).resolve()
    if not _is_ours(version):
        raise GovernedFolderError(
            f"{root}: there is no {LATEST}/ in it that `emporium govern` wrote; name the --out "
            "folder of that command")
    return Version(version)


@contextlib.contextmanager
def new_version(root: pathlib.Path) -> Iterator[Version]:
    """A version to write, which is there, and is the latest, only when all went well.

    The caller holds the folder's lock. Older versions but one are removed.

    Raises:
        GovernedFolderError: the folder holds something else.
    """
    check_root(root)
    incoming = root / _INCOMING
    if _is_ours(incoming):  # Left by a call that ended before its time.
        shutil.rmtree(incoming)
    incoming.mkdir()
    (incoming / _MARKER).touch()
    yield Version(incoming)
    numbers = sorted(
        int(path.name) for path in root.iterdir() if path.name.isdecimal() and _is_ours(path))
    number = numbers[-1] + 1 if numbers else 1
    while (root / str(number)).exists():  # Somebody else's.
        number += 1
    incoming.rename(root / str(number))
    link = root / f".{LATEST}"
    link.unlink(missing_ok=True)
    link.symlink_to(str(number))
    os.replace(link, root / LATEST)
    for old in numbers[:max(0, len(numbers) + 1 - _KEPT)]:
        shutil.rmtree(root / str(old))
