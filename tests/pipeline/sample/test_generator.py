import collections
import csv
import gzip
import hashlib
import json
import subprocess
import sys

import pytest
from pyarrow import parquet

from pipeline.sample import SampleError, generate

TABLES = ["products", "users", "events", "judgments", "facts"]


def _bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _events(folder):
    for path in sorted(folder.glob("events-*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.reader(file)


def test_the_same_numbers_give_the_same_bytes(tmp_path, language):
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        generate(
            tmp_path / name, products=60, users=30, events=400, seed=seed, language=language)
    one, same, other = (_bytes(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)


def test_the_english_shop_is_what_it_was(tmp_path):
    """Benchmarks and tests stand on it: what another language needs must leave it alone."""
    generate(tmp_path, products=120, users=60, events=2000, seed=1)
    digest = hashlib.sha256()
    for path in sorted(tmp_path.iterdir()):
        contents = path.read_bytes()
        # Compressed bytes and Parquet's depend on the versions of libraries, what they hold not.
        if path.suffix == ".gz":
            contents = gzip.decompress(contents)
        elif path.suffix == ".parquet":
            contents = repr(parquet.read_table(path).to_pylist()).encode()
        digest.update(path.name.encode() + b"\0" + contents)
    assert digest.hexdigest() == (
        "acf523497925ed11edb22bc1b5b8cc363664c13637518c1e92922c4f7e34ec0c")


def test_every_format_and_table_is_there(shop):
    assert sorted(path.name for path in shop.folder.iterdir()) == [
        "events-00000-of-00003.csv.gz", "events-00001-of-00003.csv.gz",
        "events-00002-of-00003.csv.gz", "facts.csv", "judgments.jsonl", "products.jsonl",
        "users.parquet"]
    assert list(shop.summary.tables) == TABLES


def test_the_summary_counts_the_rows_of_the_files(shop):
    lines = {
        name: (shop.folder / name).read_bytes().count(b"\n")
        for name in ("products.jsonl", "judgments.jsonl", "facts.csv")}
    assert {name: table.rows for name, table in shop.summary.tables.items()} == {
        "products": lines["products.jsonl"],
        "judgments": lines["judgments.jsonl"],
        "facts": lines["facts.csv"] - 1,
        "users": parquet.read_metadata(shop.folder / "users.parquet").num_rows,
        "events": sum(row[0] != "user_id" for row in _events(shop.folder))}


def test_dirt_comes_beside_the_rows_that_were_asked_for(shop):
    asked = {"products": 2_000, "users": 1_000, "events": 35_000}
    kept_in_place = ("markup", "wrong case")
    for name, rows in asked.items():
        table = shop.summary.tables[name]
        extra = sum(n for kind, n in table.dirty.items() if kind not in kept_in_place)
        assert table.rows == rows + extra
    for table in shop.summary.tables.values():
        assert 0.015 < sum(table.dirty.values()) / table.rows < 0.045


def test_the_summary_reads_well(shop):
    text = str(shop.summary)
    assert str(shop.folder) in text
    assert all(name in text for name in TABLES)
    assert "missing title" in text


def test_late_products_have_few_events(shop):
    created = {}
    for line in (shop.folder / "products.jsonl").open(encoding="utf-8"):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row.get("created_at"), int):
            created.setdefault(row["product_id"], row["created_at"])
    counts = collections.Counter(row[1] for row in _events(shop.folder))
    late = [counts[p] for p, when in created.items() if when > 1_730_419_200]  # November 2024
    old = [counts[p] for p, when in created.items() if when < 1_704_067_200]  # before 2024
    assert len(late) > 80
    assert 0 < sum(late) / len(late) < 0.3 * sum(old) / len(old)


def test_progress_tells_every_table_to_its_end(tmp_path):
    told = collections.defaultdict(list)
    generate(
        tmp_path, products=40, users=20, events=200,
        progress=lambda table, done, expected: told[table].append((done, expected)))
    assert sorted(told) == sorted(TABLES)
    for steps in told.values():
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
        assert steps[-1][0] == steps[-1][1] > 0


@pytest.mark.parametrize(("products", "users", "events"), [(20, 1, 1), (20, 50, 10), (60, 2, 900)])
def test_small_and_odd_shops(tmp_path, products, users, events):
    summary = generate(tmp_path, products=products, users=users, events=events)
    assert summary.tables["events"].rows >= events
    assert summary.tables["users"].rows >= users


@pytest.mark.parametrize("wrong", [
    {"products": 19}, {"users": 0}, {"events": 0}, {"seed": -1}])
def test_numbers_out_of_range_are_named(tmp_path, wrong):
    (name, value), = wrong.items()
    with pytest.raises(SampleError, match=f"{name} must be at least .*, received {value}"):
        generate(tmp_path / "shop", **wrong)
    assert not (tmp_path / "shop").exists()


def test_an_unknown_language_is_named(tmp_path):
    with pytest.raises(SampleError, match="language must be one of en, zh, received 'fr'"):
        generate(tmp_path / "shop", language="fr")
    assert not (tmp_path / "shop").exists()


def test_it_starts_without_tensorflow():
    code = "import sys, pipeline.sample; print([m for m in sys.modules if m in {names}])".replace(
        "{names}", "('tensorflow', 'tfx', 'apache_beam', 'pandas')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
