"""TREC run files: `id Q0 product_id rank score tag`, a line a result."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from typing import TextIO

from serving.errors import OutputFileError
from serving.retrieval import Result


def has_whitespace(text: str) -> bool:
    """Whether a text would fall apart in a whitespace-separated line, or vanish."""
    return len(text.split()) != 1 or text != text.strip()


def run_lines(context_id: str, results: Sequence[Result], tag: str) -> str:
    """The lines of one query or context, best first, ranks from 1.

    Scores keep the nine digits that tell every float32 apart, so that no ties appear.

    Raises:
        OutputFileError: a product id holds whitespace, which the format cannot carry.
    """
    lines = []
    for rank, result in enumerate(results, start=1):
        if has_whitespace(result.product_id):
            raise OutputFileError(
                f"product id {result.product_id!r} holds whitespace, which separates the fields of "
                "a TREC run; give the product an id without it and run the pipeline again")
        lines.append(f"{context_id} Q0 {result.product_id} {rank} {result.score:.9g} {tag}\n")
    return "".join(lines)


@contextlib.contextmanager
def atomic_text_file(path: pathlib.Path) -> Iterator[TextIO]:
    """A file that appears under its name only when it is whole.

    Raises:
        OutputFileError: the file cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise OutputFileError(f"{path} cannot be written: {error.strerror}") from error
    part = pathlib.Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            yield file
        # mkstemp makes files for the owner alone; a run is as readable as any other new file.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(path)
    except OSError as error:
        raise OutputFileError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
