"""The driver of ingest: decides, by the contents of the files, whether they were read before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from apache_beam.io.filesystems import FileSystems
from tfx.components.example_gen import utils
from tfx.components.example_gen.driver import FileBasedDriver
from tfx.components.example_gen.input_processor import FileBasedInputProcessor, InputProcessor
from tfx.proto import example_gen_pb2, range_config_pb2

from pipeline.ingest.contract import DatasetError
from pipeline.ingest.files import list_table, open_raw

_BLOCK_BYTES = 1 << 20


class ShopDriver(FileBasedDriver):
    """TFX's driver of file-based ExampleGens with a fingerprint of contents.

    TFX fingerprints the size and the modification time, in whole seconds, and knows neither names
    nor S3: an edit within a second goes unseen, and a fresh export of the same rows is new to it.
    """

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> InputProcessor:
        """Returns the processor that resolves spans and fingerprints."""
        return _ShopInputProcessor(input_base_uri, splits, range_config)


class _ShopInputProcessor(FileBasedInputProcessor):
    """Resolves spans as TFX does, where there are any, and fingerprints by content."""

    def resolve_span_and_version(self) -> tuple[int, int | None]:
        """Returns the span, 0 without placeholders, and the version, None without one."""
        span: int = 0
        version: int | None = None
        if self._is_match_span or self._is_match_date:
            try:
                span, version, = super().resolve_span_and_version()
            except ValueError as error:
                raise DatasetError(
                    f"{self._input_base_uri}: the tables have no span in common: {error}. Every "
                    "table of a span should be there before a run starts.") from error
        self._fingerprint = "\n".join(
            fingerprint_table(
                self._input_base_uri, split.name,
                self.get_pattern_for_span_version(split.pattern, span, version))
            for split in self._splits)
        return span, version


def fingerprint_table(base: str, table: str, pattern: str) -> str:
    """A line that changes when a file of the table is added, removed, renamed or edited."""
    digest = hashlib.sha256()
    files = list_table(base, table, pattern)
    for file in files:
        digest.update(f"{file.name}\n".encode())
        if "://" in base:  # Object stores know a checksum of what they hold.
            digest.update(str(FileSystems.checksum(file.path)).encode())
            continue
        with open_raw(file) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
    return f"{utils.FINGERPRINT_PROPERTY_NAME}:{table}:{len(files)}:{digest.hexdigest()}"
