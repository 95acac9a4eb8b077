"""Model versions on disk: numbered folders, each a SavedModel."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shlex
from collections.abc import Mapping

from serving.errors import VersionError

_SAVED_MODEL = "saved_model.pb"
_DESCRIPTION = "assets.extra/emporium.json"
_MAX_VERSION = 2**63 - 1
_WITHDRAWN = ".withdrawn-"


@dataclasses.dataclass(frozen=True, order=True)
class Version:
    """A numbered folder with a SavedModel in it.

    Attributes:
        number: the folder's name as an integer; a larger one is newer.
        path: the folder.
    """

    number: int
    path: pathlib.Path


def complete_versions(base_path: pathlib.Path) -> list[Version]:
    """The versions of a serving folder, newest first.

    A folder counts once it holds `saved_model.pb`; other names (temporary copies) are ignored.

    Args:
        base_path: folder such as OUT/serving with one numeric folder a version.

    Raises:
        VersionError: the folder is missing or cannot be read.
    """
    try:
        folders = [path for path in base_path.iterdir() if _is_version_name(path.name)]
        complete = [path for path in sorted(folders) if (path / _SAVED_MODEL).is_file()]
    except OSError as error:
        raise VersionError(
            f"serving folder {base_path} cannot be read: {error.strerror}; give the DIR of an "
            "`emporium run --out DIR` that pushed a version, which is in DIR/serving") from error
    versions = {int(path.name): path for path in complete}
    return sorted((Version(number, path) for number, path in versions.items()), reverse=True)


def newest_version(base_path: pathlib.Path) -> Version:
    """The newest complete version of a serving folder.

    Raises:
        VersionError: the folder cannot be read or holds no version.
    """
    versions = complete_versions(base_path)
    if not versions:
        raise no_version_error(base_path)
    return versions[0]


def withdraw_newer(base_path: pathlib.Path,
                   number: int | None = None) -> list[tuple[Version, pathlib.Path]]:
    """Takes the versions that are newer than one out of service, by another name in the folder.

    Oldest first, so that a server that looks meanwhile never returns to one of them: the newest
    answers until it is the only one left to go. What cannot be moved is found before that.

    Args:
        base_path: folder with one numeric folder a version.
        number: of the version to return to; None for the one before the newest.

    Returns:
        What was withdrawn, and where it is now, oldest first.

    Raises:
        VersionError: there is no such version to return to, nothing newer, or a folder cannot be
            moved.
    """
    versions = complete_versions(base_path)
    numbers = [version.number for version in versions]
    if number is None and len(numbers) > 1:
        number = numbers[1]
    if number not in numbers:
        raise VersionError(
            f"there is no version {'before the newest' if number is None else number} in "
            f"{base_path}, which has {', '.join(map(str, numbers)) or 'none'}"
            f"{_withdrawn(base_path)}")
    newer = [version for version in versions if version.number > number]
    if not newer:
        raise VersionError(f"version {number} is the newest in {base_path} already")
    moves = [(version, base_path / f"{_WITHDRAWN}{version.number}") for version in reversed(newer)]
    for _, path in moves:
        if path.exists():
            raise VersionError(
                f"{path} is there from an earlier rollback; delete it, or move it elsewhere")
    for version, path in moves:
        try:
            version.path.rename(path)
        except OSError as error:
            raise VersionError(
                f"version {version.number} cannot be withdrawn: {error}; the newest in "
                f"{base_path} still is {newer[0].number}") from error
    return moves


def way_back(withdrawn: pathlib.Path) -> str:
    """The command that brings a withdrawn version back into service."""
    served = withdrawn.with_name(withdrawn.name.removeprefix(_WITHDRAWN))
    return shlex.join(["mv", str(withdrawn), str(served)])


def _withdrawn(base_path: pathlib.Path) -> str:
    """What earlier rollbacks withdrew and how it comes back, for an error; "" for nothing."""
    commands = [way_back(path) for path in sorted(base_path.glob(f"{_WITHDRAWN}*"))]
    return f"; to bring back what was withdrawn: {' && '.join(commands)}" if commands else ""


def no_version_error(base_path: pathlib.Path) -> VersionError:
    """The error of a serving folder without any version."""
    return VersionError(
        f"no model version in {base_path}: expected a folder such as {base_path}/1700000000 with "
        f"a {_SAVED_MODEL}; run `emporium run DATA --out DIR` and check that its gate pushed")


def fingerprint(version: Version) -> tuple[tuple[str, int, int], ...]:
    """What tells whether the files of a version changed: (path, bytes, modified ns) of each.

    A file that disappears meanwhile is left out, which changes the fingerprint as well.
    """
    entries = []
    for folder, folders, files in os.walk(version.path):  # skips a folder that it cannot read
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            try:
                stat = os.stat(path)
            except OSError:
                continue
            entries.append((path, stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(entries))


@dataclasses.dataclass(frozen=True)
class Description:
    """What a version of Emporium says of itself; nothing where it is another's.

    Attributes:
        products: how many products it answers from.
        is_pure: whether the answer of a row follows from that row alone, whatever is asked beside
            it or was asked before: rows may go together, and answers be kept.
        paddings: by name of an input, the value that means nothing in its lists.
    """

    products: int | None = None
    is_pure: bool = False
    paddings: Mapping[str, bytes | float] = dataclasses.field(default_factory=dict)


def describe(version: Version) -> Description:
    """Reads the description of a version; that which is missing or of another form says nothing."""
    try:
        document = json.loads((version.path / _DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return Description()
    if not isinstance(document, dict):
        return Description()
    products, paddings = document.get("products"), document.get("paddings")
    return Description(
        products if isinstance(products, int) else None,
        document.get("pure") is True,
        {name: value.encode() if isinstance(value, str) else float(value)
         for name, value in paddings.items() if isinstance(value, str | int | float)}
        if isinstance(paddings, dict) else {})


def _is_version_name(name: str) -> bool:
    return name.isascii() and name.isdecimal() and int(name) <= _MAX_VERSION
