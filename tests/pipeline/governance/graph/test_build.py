"""Tables in, a graph out."""

import collections
import itertools
import json
import math

import apache_beam as beam
import pytest
import tensorflow as tf

from pipeline.governance.graph import gathering
from pipeline.governance.graph.build import run_graph
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.graph.triples import read_triples
from pipeline.ingest.rows import encode_row
from pipeline.sample import generate
from tests.pipeline.ingest.shops import ingest

PRODUCTS = [
    {"product_id": "lamp", "title": "Oak desk lamp", "brand": "Acme", "price": 20.0,
     "category": "Home > Lamps", "attributes": {"weight": "1 kg", "sku": "17"}},
    {"product_id": "torch", "title": "Brass reading light", "brand": "ACME Inc.", "price": 25.0,
     "category": "Home > Lamps", "attributes": {"weight": "1000 g"}},
    {"product_id": "spot", "title": "Small oak desk lamp", "brand": "Bolt", "price": 22.0,
     "category": "Home > Lamps"},
    {"product_id": "bulb", "title": "Bulb", "category": "Home > Bulbs"},
    {"product_id": "desk", "title": "Desk", "category": "Desks"}]
JUDGMENTS = [
    {"query": query, "product_id": product, "grade": grade, "position": place}
    for place, (query, product, grade) in enumerate([
        ("Desk lamp", "torch", 2.0), ("desk  LAMP", "spot", 3.0), ("desk lamp", "bulb", 3.0),
        ("desk lamp", "desk", 0.0)])]
FACTS = [
    {"head": "lamp", "relation": "made by", "tail": "acme", "position": 0},
    {"head": "desk lamp", "relation": "is_a", "tail": "light", "position": 1}]


def _events():
    """Three shoppers buy lamp and bulb, one desk and bulb, two look at lamp, torch and desk."""
    kinds = [
        (("lamp", "bulb"), "purchase", ("ann", "bea", "carl")),
        (("desk", "bulb"), "cart", ("dora",)),
        (("lamp", "torch", "desk"), "view", ("ann", "emil")), (("torch",), "click", ("fay", "gus")),
        (("spot",), "purchase", ("hal", "ida", "jo", "kim")),
        (("lamp", "spot"), "impression", "lm"),
        (("desk", "ghost"), "view", ("nina", "otto"))]
    return [
        {"user_id": f"user-{user}", "product_id": product, "event": event,
         "session_id": f"visit-{user}-{event}", "timestamp": 1_700_000_000 + place,
         "position": place}
        for place, (user, product, event) in enumerate(
            (user, product, event) for products, event, users in kinds
            for user, product in itertools.product(users, products))]


def _write(folder, tables):
    for table, rows in tables.items():
        (folder / table).mkdir()
        with tf.io.TFRecordWriter(str(folder / table / "data.gz"), "GZIP") as writer:
            for row in rows:
                writer.write(encode_row(row))
    return {table: str(folder / table) for table in tables}


def _run(tables, out):
    run_graph(beam.Pipeline(), tables, str(out), GraphSettings())
    triples = read_triples(str(out)).to_pylist()
    assert all(triple[f"{end}_kind"] == triple[end].partition(":")[0]
               for triple in triples for end in ("head", "tail"))
    return triples


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    tables = _write(folder, {
        "products": PRODUCTS, "events": _events(), "judgments": JUDGMENTS, "facts": FACTS})
    return folder / "graph", _run(tables, folder / "graph")


def _edges(triples, relation):
    return {(triple["head"], triple["tail"], triple["source"]): triple["weight"]
            for triple in triples if triple["relation"] == relation}


def test_what_tables_say_is_in_the_graph(small):
    said = {(triple["head"], triple["relation"], triple["tail"]) for triple in small[1]
            if triple["relation"] not in ("bought_with", "substitutes")}
    assert said == {
        ("product:lamp", "has_brand", "brand:acme"), ("product:torch", "has_brand", "brand:acme"),
        ("product:spot", "has_brand", "brand:bolt"), ("brand:acme", "label", "text:Acme"),
        ("brand:bolt", "label", "text:Bolt"),
        ("product:lamp", "in_category", "category:home > lamps"),
        ("product:torch", "in_category", "category:home > lamps"),
        ("product:spot", "in_category", "category:home > lamps"),
        ("product:bulb", "in_category", "category:home > bulbs"),
        ("product:desk", "in_category", "category:desks"),
        ("category:home > lamps", "subcategory_of", "category:home"),
        ("category:home > bulbs", "subcategory_of", "category:home"),
        ("product:lamp", "has_weight", "value:weight=1000 g"),
        ("product:torch", "has_weight", "value:weight=1000 g"),
        ("product:lamp", "made_by", "brand:acme"), ("entity:desk lamp", "is_a", "entity:light")}


def test_what_several_shoppers_bought_in_one_visit_is_bought_together(small):
    # Eight bought; lamp and bulb three times of lamp's three and bulb's four. Desk and bulb
    # were Dora's alone.
    weight = pytest.approx(3 / math.sqrt((3 + 5) * (4 + 5)))
    assert _edges(small[1], "bought_with") == {
        ("product:lamp", "product:bulb", "events.visits"): weight,
        ("product:bulb", "product:lamp", "events.visits"): weight}


def test_what_does_the_same_is_a_substitute(small):
    edges = _edges(small[1], "substitutes")
    assert {key for key in edges if key[0] < key[1]} == {
        # Two of the six who looked at anything saw both lamp, which two saw, and torch, which four
        # did; desk is of another category.
        ("product:lamp", "product:torch", "events.visits"),
        ("product:spot", "product:torch", "queries"),
        ("product:lamp", "product:spot", "products.title")}
    assert edges["product:lamp", "product:torch", "events.visits"] == pytest.approx(
        2 / math.sqrt((2 + 5) * (4 + 5)))
    # One query of three answers, of which bulb is of another category: 1/2 for each pair.
    assert edges["product:spot", "product:torch", "queries"] == pytest.approx(0.5 / (1 + 5))


def test_the_summary_counts_triples_and_nodes(small):
    summary = json.loads((small[0] / "graph.json").read_text())
    assert summary["triples"] == dict(collections.Counter(
        triple["relation"] for triple in small[1]))
    assert summary["nodes"] == {
        "product": 5, "brand": 2, "category": 4, "value": 1, "text": 2, "entity": 2}
    assert summary["settings"]["min_shoppers"] == 2


def test_no_shopper_is_in_the_graph(small):
    for path in small[0].iterdir():
        data = path.read_bytes()
        assert b"user-" not in data
        assert b"visit-" not in data


def test_products_alone_have_a_graph(tmp_path):
    triples = _run(_write(tmp_path, {"products": PRODUCTS[3:]}), tmp_path / "graph")
    assert {triple["relation"] for triple in triples} == {"in_category", "subcategory_of"}


def test_pairs_of_a_generated_shop_are_those_of_its_visits(tmp_path):
    generate(tmp_path / "shop", products=40, users=60, events=2_000, seed=3)
    ingested = ingest(tmp_path / "shop", tmp_path / "tables")
    tables = {table: str(tmp_path / "tables" / table) for table in ingested.rows}
    triples = _run(tables, tmp_path / "graph")

    seen = collections.defaultdict(set)
    wanted = collections.defaultdict(set)
    for row in ingested.rows["events"]:
        if row["event"] in ("view", "click"):
            seen[row["user_id"], row.get("session_id")].add(row["product_id"])
            wanted[row["product_id"]].add(row["user_id"])
    shoppers = collections.defaultdict(set)
    for (user, session), products in seen.items():
        if session:
            for pair in itertools.permutations(products, 2):
                shoppers[pair].add(user)
    category = {row["product_id"]: row.get("category") for row in ingested.rows["products"]}
    edges = _edges(triples, "substitutes")
    visits = [key for key in edges if key[2] == "events.visits"]
    assert len(visits) > 50
    for key in visits:
        head, tail = (end.removeprefix("product:") for end in key[:2])
        both = len(shoppers[head, tail])
        assert both >= 2
        assert category[head] == category[tail]
        assert edges[key] == pytest.approx(both / math.sqrt(
            (len(wanted[head]) + 5) * (len(wanted[tail]) + 5)), rel=1e-3)
    users = {row["user_id"] for row in ingested.rows["events"]}
    names = {triple[end].partition(":")[2] for triple in triples for end in ("head", "tail")}
    assert not users & names


def test_many_products_without_a_category_are_parted_by_a_word(tmp_path, monkeypatch):
    # Oak and pine share two words of three, which is enough to be alike, but no group.
    titles = {"oak": "Oak 1 2", "again": "Oak 1 2 3", "pine": "Pine 1 2"}
    products = [{"product_id": name, "title": title} for name, title in titles.items()]

    tables = _write(tmp_path, {"products": products})

    def alike(out):
        return {(one["head"], one["tail"]) for one in _run(tables, tmp_path / out)
                if one["source"] == "products.title"}

    oak, again, pine = (f"product:{name}" for name in titles)
    assert (oak, pine) in alike("together")
    monkeypatch.setattr(gathering, "MAX_TOGETHER", 0)
    assert alike("apart") == {(oak, again), (again, oak)}
