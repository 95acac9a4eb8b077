"""What code a component runs, as a digest, so that changed code misses the cache.

TFX's cache key names a component's executor but not its source: without this an upgrade, or an
edit, would be answered with outputs of the old code.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import pathlib
import platform
from collections.abc import Iterable, Iterator

from pipeline.libraries import LIBRARIES, installed_version

_OWN_PACKAGES = ("pipeline", "model")
_BLOCK = 2**20


def code_fingerprint(names: Iterable[str], files: Iterable[pathlib.Path] = ()) -> str:
    """Digest of the source that modules of ours need, directly or through what they import.

    A package that is imported for itself, and not for a module in it, stands for its data files.

    Args:
        names: dotted names of modules or of what is in them; names of other packages are covered
            by the libraries' versions.
        files: other files that the code reads, perhaps large ones.

    Returns:
        Twelve hexadecimal digits.
    """
    digest = hashlib.sha256("".join(_library_versions()).encode())
    seen: set[pathlib.Path] = set()
    pending = list(names)
    while pending:
        source = _source_of(pending.pop())
        if source is not None and source not in seen:
            seen.add(source)
            pending.extend(_imported_names(source))
    data = {path for source in seen for path in _data_files(source)}
    for path in (*sorted(seen), *sorted(data), *sorted(files)):
        digest.update(path.name.encode())
        digest.update(_content(path))
    return digest.hexdigest()[:12]


@functools.cache
def _library_versions() -> tuple[str, ...]:
    versions = {name: installed_version(name) or "absent" for name in LIBRARIES}
    versions["python"] = platform.python_version()
    return tuple(f"{name}={version};" for name, version in versions.items())


@functools.cache
def _source_of(name: str) -> pathlib.Path | None:
    """File of the module that a dotted name is, or is in; None when it is not ours."""
    parts = name.split(".")
    if parts[0] not in _OWN_PACKAGES:
        return None
    folder = pathlib.Path(__file__).parent.parent.parent.joinpath(parts[0])
    source = folder / "__init__.py"
    for part in parts[1:]:
        if (folder / f"{part}.py").is_file():
            return folder / f"{part}.py"
        if not (folder / part).is_dir():
            break
        folder = folder / part
        source = folder / "__init__.py"
    return source if source.is_file() else None


def _data_files(source: pathlib.Path) -> Iterator[pathlib.Path]:
    """What is no code in the folder of a package, whose `__init__.py` is given."""
    if source.name == "__init__.py":
        yield from (p for p in source.parent.iterdir() if p.is_file() and p.suffix != ".py")


def _content(path: pathlib.Path) -> bytes:
    """SHA-256 of a file; several components may read the same gigabyte of weights."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@functools.cache
def _digest(path: pathlib.Path, _size: int, _modified_ns: int) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _imported_names(source: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(_syntax_tree(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _syntax_tree(source: pathlib.Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"), filename=str(source))
