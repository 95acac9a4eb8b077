"""Makes a whole shop: draws it block by block and writes its five tables."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from pipeline.sample.catalogue import Catalogue, Ints, draw_catalogue
from pipeline.sample.dirt import Dirt, dirt_kinds, soil
from pipeline.sample.events import QueryLog, draw_events, split_quota
from pipeline.sample.queries import Query, draw_queries
from pipeline.sample.randomness import stream, word_stream
from pipeline.sample.shoppers import draw_shoppers, user_row
from pipeline.sample.tables import event_rows, fact_rows, judgment_rows
from pipeline.sample.visits import draw_visits
from pipeline.sample.vocabulary import LANGUAGES, load_vocabulary
from pipeline.sample.wording import Row, product_row
from pipeline.sample.writing import (
    Csv,
    JsonLines,
    Parquet,
    SampleError,
    TableWriter,
    shop_folder,
)

Progress = Callable[[str, int, int], None]
"""Called with a table's name, the rows written so far and the rows expected, as work goes on."""

_BLOCK = 10_000  # rows in memory at once; an event shard is up to ten times that
_SHARD_EVENTS = 100_000
_FEWEST_SHARDS = 3  # so that a small shop has shards too
_EVENT_COLUMNS = (
    "user_id", "product_id", "event", "timestamp", "query", "value", "session_id", "review")


@dataclasses.dataclass(frozen=True)
class TableSummary:
    """What was written of a table."""

    rows: int
    """Rows in its files, dirt included."""
    dirty: dict[str, int]
    """Rows of each kind of dirt."""
    files: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Summary:
    """What `generate` wrote, table by table."""

    directory: pathlib.Path
    tables: dict[str, TableSummary]

    def __str__(self) -> str:
        lines = [f"sample shop in {self.directory}"]
        for name, table in self.tables.items():
            dirty = ", ".join(f"{count} {kind}" for kind, count in sorted(table.dirty.items()))
            files = table.files[0] if len(table.files) == 1 else f"{len(table.files)} files"
            lines.append(
                f"  {name:<10}{table.rows:>10,} rows in {files}; "
                f"{sum(table.dirty.values()):,} dirty{f' ({dirty})' if dirty else ''}")
        return "\n".join(lines)


class _Table:
    """Soils rows, hands them to a writer and keeps count."""

    def __init__(
            self, name: str, kinds: tuple[Dirt, ...], seed: int, expected: int,
            progress: Progress) -> None:
        self.name = name
        self.rows = 0
        self.clean = 0
        self.dirty: collections.Counter[str] = collections.Counter()
        self.files: list[str] = []
        self._kinds = kinds
        self._rng = word_stream(seed, f"dirt in {name}")
        self._expected = expected
        self._progress = progress

    def write(self, writer: TableWriter, rows: list[Row]) -> None:
        soiled = soil(rows, self._kinds, self._rng, self.dirty)
        writer.write(soiled)
        self.rows += len(soiled)
        self.clean += len(rows)
        self._progress(self.name, self.clean, max(self._expected, self.clean))

    def summary(self) -> TableSummary:
        return TableSummary(self.rows, dict(self.dirty), tuple(self.files))


def generate(
        directory: str | os.PathLike[str], *, products: int = 2_000, users: int | None = None,
        events: int | None = None, seed: int = 1, language: str = "en",
        progress: Progress = lambda *_: None) -> Summary:
    """Writes a sample shop; the same numbers, seed and language give the same bytes.

    Beside the rows asked for there is dirt, about three rows in a hundred.

    Args:
        directory: folder for the tables; made if need be. A sample shop that is in it is
            replaced when the new one is complete.
        products: products of the catalogue.
        users: shoppers; if None, half as many as products.
        events: rows of the event log; if None, 35 a shopper.
        seed: of all that is random.
        language: code of the language that the shop sells in, one of `LANGUAGES`.
        progress: told how far each table is.

    Returns:
        Rows and dirt of each table.

    Raises:
        SampleError: a number is out of range, the language is unknown, or the folder holds
            something else.
    """
    users = max(1, products // 2) if users is None else users
    events = 35 * users if events is None else events
    for name, value, least in (
            ("products", products, 20), ("users", users, 1), ("events", events, 1),
            ("seed", seed, 0)):
        if value < least:
            raise SampleError(f"{name} must be at least {least}, received {value}")
    if language not in LANGUAGES:
        raise SampleError(
            f"language must be one of {', '.join(LANGUAGES)}, received {language!r}")
    words = load_vocabulary(LANGUAGES[language])
    kinds = dirt_kinds(words.dirt, words.grammar)
    catalogue = draw_catalogue(words, products, seed)
    queries = draw_queries(catalogue, seed)
    expected = {
        "products": products, "users": users, "events": events, "judgments": 0, "facts": 0}
    tables = {
        name: _Table(name, kinds[name], seed, rows, progress)
        for name, rows in expected.items()}
    with shop_folder(directory) as folder:
        _write_products(folder, tables["products"], catalogue, seed)
        _write_judgments(folder, tables["judgments"], queries, catalogue, seed)
        _write_facts(folder, tables["facts"], catalogue, seed)
        _write_shoppers(
            folder, tables["users"], tables["events"], split_quota(
                events, users, stream(seed, "quotas")), catalogue, queries, seed)
    return Summary(
        pathlib.Path(directory), {name: table.summary() for name, table in tables.items()})


def _write_products(
        folder: pathlib.Path, table: _Table, catalogue: Catalogue, seed: int) -> None:
    rng = word_stream(seed, "products")
    rows = ([product_row(catalogue, index, rng)] for index in range(len(catalogue)))
    table.files.append("products.jsonl")
    with JsonLines(folder / table.files[-1]) as writer:
        for block in _blocks(rows):
            table.write(writer, block)


def _write_judgments(
        folder: pathlib.Path, table: _Table, queries: list[Query], catalogue: Catalogue,
        seed: int) -> None:
    table.files.append("judgments.jsonl")
    with JsonLines(folder / table.files[-1]) as writer:
        for block in _blocks(judgment_rows(queries, catalogue, seed)):
            table.write(writer, block)


def _write_facts(
        folder: pathlib.Path, table: _Table, catalogue: Catalogue, seed: int) -> None:
    table.files.append("facts.csv")
    with Csv(folder / table.files[-1], ("head", "relation", "tail")) as writer:
        for block in _blocks(fact_rows(catalogue, seed)):
            table.write(writer, block)


def _write_shoppers(
        folder: pathlib.Path, users: _Table, events: _Table, quotas: Ints,
        catalogue: Catalogue, queries: list[Query], seed: int) -> None:
    """Writes users and events together, a block of shoppers and a shard of events at a time."""
    import pyarrow

    blocks = split_shoppers(quotas)
    log = QueryLog(queries, catalogue)
    schema = pyarrow.schema([
        ("user_id", pyarrow.int64()), ("profile", pyarrow.string()),
        ("attributes", pyarrow.string())])
    users.files.append("users.parquet")
    with contextlib.ExitStack() as stack:
        user_writer = stack.enter_context(Parquet(folder / users.files[-1], schema))
        for shard, members in enumerate(blocks):
            shoppers = draw_shoppers(catalogue, members.start, len(members), seed, shard)
            texts = word_stream(seed, "profiles", shard)
            users.write(user_writer, [
                user_row(shoppers, index, catalogue, texts) for index in range(len(members))])
            rng = stream(seed, "events", shard)
            visits = draw_visits(
                shoppers, quotas[members.start:members.stop], catalogue, rng)
            drawn = draw_events(visits, shoppers, log, catalogue, rng)
            reviews = word_stream(seed, "reviews", shard)
            events.files.append(f"events-{shard:05d}-of-{len(blocks):05d}.csv.gz")
            with Csv(folder / events.files[-1], _EVENT_COLUMNS) as writer:
                events.write(writer, event_rows(drawn, shoppers, log, catalogue, reviews))


def split_shoppers(quotas: Ints) -> list[range]:
    """Cuts the shoppers into blocks, a shard of events each, of about as many events."""
    shards = max(_FEWEST_SHARDS, -(-int(quotas.sum()) // _SHARD_EVENTS))
    edges = np.searchsorted(
        np.cumsum(quotas), np.arange(1, shards) * quotas.sum() / shards).tolist()
    return [range(*edge) for edge in zip([0, *edges], [*edges, len(quotas)], strict=True)]


def _blocks(parts: Iterable[list[Row]]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for part in parts:
        block.extend(part)
        if len(block) >= _BLOCK:
            yield block
            block = []
    if block:
        yield block
