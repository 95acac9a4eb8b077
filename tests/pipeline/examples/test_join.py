"""The whole join on small shops, from TFRecords to files."""

import collections
import gzip
import json

import apache_beam as beam
import pytest

from pipeline.config import Examples
from pipeline.examples.files import SPLITS, run_join
from pipeline.examples.sequences import Sequence, read_sequences
from pipeline.examples.split import unit_hash
from pipeline.ingest.contract import DatasetError
from tests.pipeline.examples.tables import read_contexts, read_split, write_tables

_DAY = 24 * 3600
_START = 17_000 * _DAY
_SEED = 5
_SETTINGS = Examples(validation_fraction=0.25)
_FEATURES = {
    "kind", "query", "profile", "history", "history_event", "history_age", "product_id", "title",
    "description", "brand", "category", "attributes", "positives", "negatives", "negative_grades",
    "weight", "sampling_probability"}

# Queries on either side of the hash.
_TRAINS = next(q for q in "abcdefgh" if unit_hash(_SEED, "query", q) >= 0.25)
_VALIDATES = next(q for q in "abcdefghijklm" if unit_hash(_SEED, "query", q) < 0.25)

_PRODUCTS = [
    {"product_id": f"p{n}", "title": f"Solid oak thing number{n} &amp; cover",
     "description": "<p>Lasts a lifetime</p>", "brand": "Lumo" if n % 2 else None,
     "category": "Home > Things", "attributes": json.dumps({"colour_tone": f"tone{n}"}),
     "price": 2.0} for n in range(12)]


def _run(tmp_path, tables, settings=_SETTINGS, name="out"):
    folder = tmp_path / name
    tables_dir = tmp_path / f"{name}-tables"
    counts = run_join(
        beam.Pipeline(), write_tables(tables_dir, tables),
        {split: str(folder / f"Split-{split}") for split in SPLITS},
        str(folder), str(folder), str(folder), settings, _SEED)
    splits = {split: read_split(folder / f"Split-{split}") for split in SPLITS}
    popularity = json.loads((folder / "popularity.json").read_text(encoding="utf-8"))
    return splits, read_contexts(folder), popularity, counts


def _event(user, product, day, query=None, event="purchase"):
    return {"user_id": user, "product_id": product, "event": event, "position": int(day * 100),
            "timestamp": _START + int(day * _DAY), "query": query}


_SHOP = {
    "products": _PRODUCTS,
    "events": [
        _event("ann", "p0", 1), _event("ann", "p1", 2, query=_TRAINS), _event("ann", "p2", 3),
        _event("bob", "p1", 4), _event("bob", "p2", 5, query=_VALIDATES), _event("bob", "p3", 6),
        _event("ann", "p4", 30), _event("bob", "p5", 40, query=_VALIDATES)],
    "users": [{"user_id": "bob", "profile": "likes oak"}],
    "facts": [{"head": "p1", "relation": "fits", "tail": "p2"}],
}
"""Two shoppers over 40 days; the cut at a quarter lies before day 30."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(folder):
    return _run(folder, _SHOP)


def test_recommend_examples_of_a_shop(shop):
    splits, _, _, _ = shop
    examples = {(e["profile"][0], e["product_id"][0]): e for e in splits["train"]
                if e["kind"] == ["recommend"]}
    assert {key: e["history"] for key, e in examples.items()} == {
        ("", "p1"): ["p0"], ("", "p2"): ["p0", "p1"],
        ("likes oak", "p1"): [], ("likes oak", "p2"): ["p1"], ("likes oak", "p3"): ["p1", "p2"]}
    assert examples["likes oak", "p3"]["history_event"] == ["purchase", "purchase"]
    assert examples["likes oak", "p3"]["history_age"] == [2.0, 1.0]
    assert examples["", "p1"]["positives"] == ["p0", "p1", "p2"]
    # Of five training examples p1 and p2 are two each, p3 is one.
    assert {key[1]: e["sampling_probability"][0] for key, e in examples.items()} == pytest.approx(
        {"p1": 0.4, "p2": 0.4, "p3": 0.2})


def test_texts_are_joined_and_cleaned(shop):
    splits, _, _, _ = shop
    # Any but one of the catalogue's own, which may have its title blanked.
    example = next(
        e for e in splits["train"] if e["product_id"] == ["p1"] and e["kind"] == ["recommend"])
    assert example["title"] == ["Solid oak thing number1 & cover"]
    assert example["description"] == ["Lasts a lifetime"]
    assert example["brand"] == ["Lumo"]
    assert example["category"] == ["Home Things"]
    assert example["attributes"] == ["colour tone tone1"]


def test_queries_train_before_the_cut_and_never_when_they_validate(shop):
    splits, contexts, _, _ = shop
    assert [(e["query"][0], e["product_id"][0]) for e in splits["train"]
            if e["kind"] == ["search"]] == [(_TRAINS, "p1")]
    assert [(c["query"], c["relevant"], c["slices"]) for c in contexts
            if c["query"] in (_TRAINS, _VALIDATES)] == [(_VALIDATES, {"p5": 1.0}, ["short_query"])]


def test_few_queries_are_helped_by_the_catalogue(shop):
    splits, contexts, _, counts = shop
    made = [e for e in splits["train"] if e["kind"] == ["catalogue"]]
    trained = {e["product_id"][0] for e in made}
    # Three contexts are too few for the gate: half of the products validate, the others train.
    asked = [product for c in contexts if c["kind"] == "search" and c["query"] != _VALIDATES
             for product in c["relevant"]]
    assert sorted([*trained, *asked]) == sorted(p["product_id"] for p in _PRODUCTS)
    assert any(e["title"] == [""] for e in made)
    # The textual family counts the one search example too.
    share = collections.Counter(e["product_id"][0] for e in splits["train"]
                                if e["kind"] != ["recommend"])
    assert made[0]["sampling_probability"][0] == pytest.approx(
        share[made[0]["product_id"][0]] / share.total())
    assert counts["train/catalogue"] == len(made)


def test_contexts_and_eval_examples_of_shoppers(shop):
    splits, contexts, _, _ = shop
    recommend = {tuple(c["history"]): c for c in contexts if c["kind"] == "recommend"}
    assert {history: c["relevant"] for history, c in recommend.items()} == {
        ("p0", "p1", "p2"): {"p4": 1.0}, ("p1", "p2", "p3"): {"p5": 1.0}}
    assert recommend["p0", "p1", "p2"]["history_event"] == ["purchase"] * 3
    assert recommend["p0", "p1", "p2"]["history_age"] == [29.0, 28.0, 27.0]
    examples = [e for e in splits["eval"] if e["kind"] == ["recommend"]]
    assert sorted(e["product_id"][0] for e in examples) == ["p4", "p5"]
    # p4 is in no training example: the floor is one of the five.
    assert examples[0]["sampling_probability"][0] == pytest.approx(0.2)


def test_popularity(shop):
    _, _, popularity, _ = shop
    assert popularity == {"p0": 1, "p1": 2, "p2": 2, "p3": 1}


def test_sequences_go_beyond_the_cut_and_say_where_it_lies(shop, folder):
    assert sorted(read_sequences(str(folder / "out"))) == [
        Sequence(("p0", "p1", "p2", "p4"), (0, 1, 2, 3), (17_001, 17_002, 17_003, 17_030), 1),
        Sequence(("p1", "p2", "p3", "p5"), (0, 1, 2, 3), (17_004, 17_005, 17_006, 17_040), 1)]


def test_contexts_that_judge_make_no_eval_example(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.examples.contexts.MIN_DIVIDED", 2)
    splits, contexts, _, _ = _run(tmp_path, _SHOP)
    answers = {
        role: {product for c in contexts if c["kind"] == "recommend" and c["role"] == role
               for product in c["relevant"]}
        for role in ("tunes", "judges")}
    assert sorted(map(sorted, answers.values())) == [["p4"], ["p5"]]
    assert {e["product_id"][0] for e in splits["eval"]
            if e["kind"] == ["recommend"]} == answers["tunes"]


def test_catalogue_split_has_a_row_a_product(shop):
    splits, _, _, _ = shop
    rows = {e["product_id"][0]: e for e in splits["catalogue"]}
    assert len(splits["catalogue"]) == len(rows) == 12
    assert rows["p3"]["positives"] == ["p3"]
    assert rows["p3"]["history"] == []
    assert rows["p3"]["kind"] == ["catalogue"]
    assert rows["p3"]["sampling_probability"] == pytest.approx([1 / 12])


def test_every_example_has_every_feature(shop):
    splits, _, _, _ = shop
    for split in SPLITS:
        assert splits[split]
        for example in splits[split]:
            assert set(example) == _FEATURES
            assert example["product_id"][0] in example["positives"]
            assert 0 < example["sampling_probability"][0] <= 1


def test_no_shopper_is_named(shop, folder):
    texts = [json.dumps(shop[:3])]
    for path in folder.glob("out/*.jsonl.gz"):
        texts.append(gzip.decompress(path.read_bytes()).decode())
    assert len(texts) > 2
    assert not {"ann", "bob"} & set(" ".join(texts).replace('"', " ").split())


def test_judgments_alone(tmp_path):
    judgments = [
        {"query": "oak thing", "product_id": "p1", "grade": 3.0, "split": "train"},
        {"query": "oak thing", "product_id": "p2", "grade": 2.0, "split": "train"},
        {"query": "oak thing", "product_id": "p5", "grade": 1.5, "split": "train"},
        {"query": "Solid cover", "product_id": "p3", "grade": 1.0, "split": "validation"},
        {"query": "Solid cover", "product_id": "p4", "grade": 2.0, "split": "validation"}]
    splits, contexts, popularity, _ = _run(
        tmp_path, {"products": _PRODUCTS, "judgments": judgments})
    assert sorted(e["product_id"][0] for e in splits["train"] if e["kind"] == ["search"]) == [
        "p1", "p2"]
    assert all(
        (e["negatives"], e["negative_grades"]) == (["p5"], [0.5]) if e["kind"] == ["search"]
        else not e["negatives"] for e in splits["train"])
    [judged] = [c for c in contexts if c["query"] == "Solid cover"]
    assert judged["relevant"] == {"p3": 1.0, "p4": 2.0}
    assert [e["product_id"] for e in splits["eval"] if e["kind"] == ["search"]] == [["p4"]]
    assert popularity == {"p1": 1, "p2": 1}


def test_a_catalogue_alone_and_again(tmp_path):
    first = _run(tmp_path, {"products": _PRODUCTS}, name="one")
    splits, contexts, popularity, _ = first
    assert {e["kind"][0] for e in splits["train"] + splits["eval"]} == {"catalogue"}
    assert contexts
    held_out = {p for c in contexts for p in c["relevant"]}
    assert not held_out & {e["product_id"][0] for e in splits["train"]}
    assert held_out == {e["product_id"][0] for e in splits["eval"]}
    assert popularity == {}
    again = _run(tmp_path, {"products": _PRODUCTS[::-1]}, name="two")
    for split in SPLITS:
        assert _sorted(again[0][split]) == _sorted(splits[split])
    assert again[1:] == first[1:]


def _sorted(examples):
    return sorted(json.dumps(example, sort_keys=True) for example in examples)


def test_nothing_to_learn_from_is_an_error_that_says_what_to_add(tmp_path):
    with pytest.raises(DatasetError, match=r"no training example.* received the tables products"):
        _run(tmp_path, {"products": [{"product_id": "p", "title": "?"}]})
