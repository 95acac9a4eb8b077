import itertools
import pickle

import apache_beam as beam
import numpy as np
import pytest

from pipeline.governance.labels.joining import MAX_ROWS, GatherJudged
from pipeline.governance.labels.words import Texts
from pipeline.ingest.rows import encode_row

PRODUCTS = [
    {"product_id": "a", "title": "Lamp", "brand": "Acme", "category": "Home > Light",
     "description": "Shines.", "attributes": {"colour": "red"}},
    {"product_id": "b", "title": "Door"},
    {"product_id": "c", "title": "Never judged"},
]


def gather(products, judgments, path):
    """What is gathered, in the order of its first rows; None where the product is not known."""
    with beam.Pipeline() as pipeline:
        tables = {
            "products": pipeline | "P" >> beam.Create(list(map(encode_row, products))),
            "judgments": pipeline | "J" >> beam.Create([
                encode_row({"query": q, "product_id": p, "grade": g, "position": place})
                for place, (q, p, g) in enumerate(judgments)])}
        _ = (tables | GatherJudged() | beam.combiners.ToList()
             | beam.Map(lambda parts: path.write_bytes(pickle.dumps(parts))))
    return sorted(pickle.loads(path.read_bytes()), key=lambda part: part.position[0])


def test_judgements_meet_their_products_and_their_query(tmp_path):
    parts = gather(PRODUCTS, [
        ("lamp", "a", 3.0), ("door", "b", 2.0), ("LAMP ", "b", 0.0), ("lamp", "gone", 1.0),
        ("lights", "a", 1.0)], tmp_path / "parts")
    rows = {
        position: (query, product, grade, mean, count)
        for part in parts
        for position, query, product, grade, mean, count in zip(
            part.position, part.query, part.product, part.grade, part.product_mean,
            part.product_count, strict=True)}
    lamp = Texts("Lamp", "Acme", "Home > Light Shines. colour red")
    assert rows == {
        0: ("lamp", lamp, 3, 1, 1), 1: ("door", Texts("Door"), 2, 0, 1),
        2: ("lamp", Texts("Door"), 0, 2, 1), 4: ("lights", lamp, 1, 3, 1)}
    together = [set(part.position[part.queries() == number])
                for part in parts for number in np.unique(part.queries())]
    assert {0, 2} in together


def test_a_product_judged_once_has_no_other_judgement(tmp_path):
    [part] = gather(PRODUCTS, [("lamp", "a", 3.0)], tmp_path / "parts")
    assert np.isnan(part.product_mean).all()
    assert part.product_count.tolist() == [0]


def test_nothing_judged_is_nothing(tmp_path):
    assert gather(PRODUCTS, [], tmp_path / "parts") == []
    assert gather([], [("lamp", "a", 3.0)], tmp_path / "parts") == []


@pytest.mark.parametrize("queries", [1, 30])
def test_parts_are_bounded_and_queries_whole_where_they_can_be(tmp_path, queries):
    judged = [
        (f"q{n % queries}", "ab"[n % 2], 1.0) for n in range(MAX_ROWS + MAX_ROWS // 4)]
    parts = gather(PRODUCTS, judged, tmp_path / "parts")
    assert sorted(itertools.chain.from_iterable(p.position.tolist() for p in parts)) == list(
        range(len(judged)))
    assert max(map(len, parts)) <= MAX_ROWS
    places = [{n for n, part in enumerate(parts) if f"q{q}" in part.query} for q in range(queries)]
    assert {len(place) for place in places} == ({2} if queries == 1 else {1})
