"""Which tables a dataset folder holds, and by which file patterns they are read."""

from __future__ import annotations

import logging
import re
from collections import defaultdict

from pipeline.ingest import readers
from pipeline.ingest.contract import TABLES, DatasetError
from pipeline.ingest.files import EXTENSION, join_path, list_table, match_names
from pipeline.ingest.location import Location, split_location

_LOG = logging.getLogger(__name__)

_EXPECTED = (
    "A table is one file (products.jsonl), shards (products-00000-of-00004.csv.gz) or a folder "
    "(products/part-0.parquet), as .jsonl, .csv or .parquet, the first two also with .gz")
_TABLE = "|".join(TABLES)
_SINGLE = re.compile(rf"(?P<table>{_TABLE})\.(?P<extension>{EXTENSION})")
_SHARD = re.compile(
    rf"(?P<table>{_TABLE})-(?P<shard>\d+)-of-(?P<shards>\d+)\.(?P<extension>{EXTENSION})")
_IN_FOLDER = re.compile(rf"(?P<table>{_TABLE})/(?P<file>[^/]+)\.(?P<extension>{EXTENSION})")
_TOO_DEEP = re.compile(rf"(?P<table>{_TABLE})/.+/[^/]+\.(?:{EXTENSION})")
_MAX_NAMED = 8


def discover_tables(data_uri: str) -> dict[str, str]:
    """Looks up the tables of a dataset.

    Of a URI with placeholders the newest span is looked into; the patterns hold for any span.

    Args:
        data_uri: folder or URI of the tables, perhaps with TFX's span placeholders.

    Returns:
        The glob of each table that is there, relative to the folder, in the contract's order.

    Raises:
        DatasetError: nothing is there, products are missing, a table is there twice, shards are
            missing, or the first file of a table lacks a required column.
    """
    location = split_location(data_uri)
    folder = join_path(location.base, _newest_span(location)) if location.prefix else location.base
    names = sorted(match_names(folder, "**"))
    patterns = _find_patterns(folder, names)
    if "products" not in patterns:
        raise DatasetError(_no_products(folder, names))
    for table, pattern in patterns.items():
        readers.check_header(list_table(folder, table, pattern)[0])
    for name in names:
        if _is_ignored(name):
            _LOG.warning("%s is not read: its name is not one of a table's. %s.", name, _EXPECTED)
    return patterns


def _find_patterns(folder: str, names: list[str]) -> dict[str, str]:
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    shards: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for name in names:
        if match := _SINGLE.fullmatch(name):
            pattern = name
        elif match := _SHARD.fullmatch(name):
            pattern = f"{match['table']}-*-of-*.{match['extension']}"
            shards[match["table"]][int(match["shards"])].add(int(match["shard"]))
        elif (match := _IN_FOLDER.fullmatch(name)) and match["file"][0] not in "_.":
            pattern = f"{match['table']}/*.{match['extension']}"
        elif match := _TOO_DEEP.fullmatch(name):
            raise DatasetError(
                f"{name}: the file lies too deep to be read: put the files of a table directly "
                f"into {match['table']}/.")
        else:
            continue
        found[match["table"]][pattern].append(name)
    for table, by_pattern in found.items():
        if len(by_pattern) > 1:
            given = ", ".join(files[0] for files in by_pattern.values())
            raise DatasetError(
                f"{table}: the table is in {folder} more than once ({given}); one would be read "
                "twice. Keep one form and one extension of it, and move the rest away.")
    for table, totals in shards.items():
        _check_shards(table, totals)
    return {table: next(iter(found[table])) for table in TABLES if table in found}


def _check_shards(table: str, totals: dict[int, set[int]]) -> None:
    if len(totals) > 1:
        given = " and ".join(f"-of-{total:05}" for total in sorted(totals))
        raise DatasetError(
            f"{table}: the shards come from exports of different sizes ({given}); remove the "
            "files of the older one.")
    for total, present in totals.items():
        if missing := sorted(set(range(total)) - present):
            raise DatasetError(
                f"{table}: shard {missing[0]:05} of {total:05} is missing ({len(missing)} in "
                "all; shards count from 00000). Copy the missing files, or export the table "
                "again.")


def _no_products(folder: str, names: list[str]) -> str:
    if not names:
        return (f"{folder}: the folder is empty or does not exist; a products table is needed. "
                f"{_EXPECTED}.")
    given = ", ".join(names[:_MAX_NAMED]) + (", ..." if len(names) > _MAX_NAMED else "")
    return f"{folder}: no products table among its files ({given}). {_EXPECTED}."


def _is_ignored(name: str) -> bool:
    """Whether a file looks like a table's but is not read; files in other folders do not."""
    return name.startswith(tuple(TABLES)) and not any(
        pattern.fullmatch(name) for pattern in (_SINGLE, _SHARD, _IN_FOLDER))


def _newest_span(location: Location) -> str:
    """The prefix with its placeholders filled in, as TFX's ExampleGen fills them in."""
    from tfx.components.example_gen.input_processor import FileBasedInputProcessor
    from tfx.proto import example_gen_pb2

    split = example_gen_pb2.Input.Split(name="products", pattern=f"{location.prefix}products*")
    try:
        processor = FileBasedInputProcessor(location.base, [split])
        span, version = processor.resolve_span_and_version()
        return processor.get_pattern_for_span_version(location.prefix, span, version)
    except ValueError as error:
        raise DatasetError(
            f"{location.base}/{location.prefix}: no span with a products table is there: {error}. "
            "Placeholders stand for whole numbers, as in day-{SPAN}/v{VERSION} for day-20/v1."
        ) from error


