"""The files of a table: how they are named, listed and opened, on any Beam filesystem."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.ingest.contract import DatasetError

EXTENSION = r"(?:jsonl|csv)(?:\.gz)?|parquet"
"""Pattern of the last part of the name of a table's file."""

_TABLE_FILE = re.compile(rf"[^_.].*\.(?:{EXTENSION})")
_BUFFER_BYTES = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class TableFile:
    """A file of a table.

    Attributes:
        table: name of the table.
        path: path or URI.
        name: the path relative to the dataset folder, as messages and quarantine show it.
        index: the file's place in the table, from 0.
    """

    table: str
    path: str
    name: str
    index: int

    @property
    def format(self) -> str:
        """jsonl, csv or parquet."""
        return self.name.removesuffix(".gz").rpartition(".")[2]


def natural_order(name: str) -> list[str | int]:
    """Sorting key by which `part-2` comes before `part-10`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def join_path(base: str, name: str) -> str:
    """Joins a folder or URI and a relative name."""
    return f"{base.rstrip('/')}/{name}" if base.rstrip("/") else f"/{name}"


def match_names(base: str, pattern: str) -> dict[str, int]:
    """Sizes in bytes of the files under `base` that match a glob, by name relative to `base`.

    Raises:
        DatasetError: the filesystem does not answer, or no client for it is installed.
    """
    target = join_path(base, pattern)
    try:
        found = FileSystems.match([target])[0].metadata_list
    except (BeamIOError, OSError, ValueError, ImportError) as error:
        hint = (
            "; check the address, the network and your credentials; gs:// needs apache-beam[gcp], "
            "s3:// apache-beam[aws]; `emporium kubeflow` can do without any of it, by --tables"
            if "://" in base else "")
        raise DatasetError(f"{base}: the folder cannot be listed: {error}{hint}.") from error
    prefix = len(join_path(base, ""))
    return {entry.path[prefix:]: entry.size_in_bytes for entry in found}


def list_table(base: str, table: str, pattern: str) -> list[TableFile]:
    """The files of a table in their order.

    Those named `_x` or `.x` are a writer's own notes; other extensions are not a table's.

    Raises:
        DatasetError: no file matches.
    """
    names = [name for name in match_names(base, pattern)
             if _TABLE_FILE.fullmatch(name.rpartition("/")[2])]
    if not names:
        raise DatasetError(
            f"{table}: no file matches {pattern} in {base}; it was there when the tables were "
            "looked up. Put it back, or start the run again.")
    return [TableFile(table, join_path(base, name), name, index)
            for index, name in enumerate(sorted(names, key=natural_order))]


def open_raw(file: TableFile) -> BinaryIO:
    """Opens a file as it is stored.

    Raises:
        DatasetError: it cannot be opened.
    """
    try:
        return FileSystems.open(
            file.path, "application/octet-stream", CompressionTypes.UNCOMPRESSED)
    except (BeamIOError, OSError) as error:
        raise DatasetError(f"{file.name}: the file cannot be opened: {error}.") from error


@contextlib.contextmanager
def open_text(file: TableFile) -> Iterator[io.BufferedReader]:
    """Opens a text file for reading bytes: unpacked, a UTF-8 byte order mark skipped.

    Raises:
        DatasetError: it cannot be opened, is packed or encoded otherwise than its name says, or,
            while it is read, turns out to be cut off or damaged. Beam's own reader of gzip takes
            a cut-off file for a short one, and rows would be missing without a word.
    """
    packed = file.name.endswith(".gz")
    with open_raw(file) as raw, contextlib.ExitStack() as stack:
        source: Any = stack.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
        stream = io.BufferedReader(source, _BUFFER_BYTES)
        try:
            start = stream.peek(3)[:3]
            if not packed and start.startswith(_GZIP_MAGIC):
                raise DatasetError(
                    f"{file.name}: the file is gzip-compressed but its name does not say so; "
                    f"rename it to {file.name}.gz.")
            if start.startswith(_UTF16_MARKS):
                raise DatasetError(
                    f"{file.name}: the file is UTF-16, tables are read as UTF-8; export it anew "
                    f"as UTF-8, or: iconv -f UTF-16 -t UTF-8.")
            if start == b"\xef\xbb\xbf":
                stream.read(3)
            yield stream
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DatasetError(
                f"{file.name}: the gzip file is cut off or damaged ({error}), so rows would be "
                "missing. Copy or export the file again; `gzip -t` tells whether it is whole."
            ) from error
