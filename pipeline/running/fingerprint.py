"""What code a component runs, as a digest, so that changed code misses the cache.

TFX's cache key names a component's executor but not its source: without this an upgrade, or an
edit, would be answered with outputs of the old code.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import pathlib
from collections.abc import Iterable, Iterator

_OWN_PACKAGES = ("pipeline", "model")
_LIBRARIES = ("tfx", "tensorflow", "tensorflow-text", "keras-nlp")


def code_fingerprint(names: Iterable[str], files: Iterable[pathlib.Path] = ()) -> str:
    """Digest of the source that modules of ours need, directly or through what they import.

    Args:
        names: dotted names of modules or of what is in them; names of other packages are covered
            by the libraries' versions.
        files: other files that the code reads.

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
    for path in sorted(seen) + sorted(files):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.cache
def _library_versions() -> tuple[str, ...]:
    return tuple(f"{name}={importlib.metadata.version(name)};" for name in _LIBRARIES)


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


def _imported_names(source: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(_syntax_tree(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _syntax_tree(source: pathlib.Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"), filename=str(source))
