import pytest

from pipeline.governance.judge.corruption import Kind, NoiseMaker
from tests.pipeline.governance.judge.shop import products

ROWS = products(60)
COLUMN = {
    Kind.TRUNCATED_TITLE: "title", Kind.TITLE_MISMATCH: "title", Kind.NONSENSE_TITLE: "title",
    Kind.NONSENSE_DESCRIPTION: "description", Kind.SHUFFLED_DESCRIPTION: "description",
    Kind.WRONG_BRAND: "brand", Kind.WRONG_CATEGORY: "category", Kind.PRICE_OUTLIER: "price"}


@pytest.mark.parametrize("kind", Kind)
def test_noise_changes_the_column_that_it_is_of(kind):
    of = {row["product_id"]: row for row in ROWS}
    made = list(NoiseMaker(ROWS, seed=3).make(kind, 20))
    assert len({row["product_id"] for row in made}) == 20
    for row in made:
        was = of[row["product_id"]]
        assert [name for name in was if was[name] != row[name]] == [COLUMN[kind]]
    assert made == list(NoiseMaker(ROWS, seed=3).make(kind, 20))


def test_what_noise_is_made_of():
    maker = NoiseMaker(ROWS, seed=4)
    of = {row["product_id"]: row for row in ROWS}
    for row in maker.make(Kind.TRUNCATED_TITLE, 60):
        assert of[row["product_id"]]["title"].startswith(row["title"])
    for row in maker.make(Kind.SHUFFLED_DESCRIPTION, 60):
        words = of[row["product_id"]]["description"].split()
        assert sorted(row["description"].split()) == sorted(words)
    for row in maker.make(Kind.WRONG_BRAND, 60):
        assert row["brand"] in {other["brand"] for other in ROWS}
    factors = {round(row["price"] / of[row["product_id"]]["price"], 1)
               for row in maker.make(Kind.PRICE_OUTLIER, 60)}
    assert factors == {100.0, 0.0}


def test_a_shop_that_lacks_a_column_has_none_of_its_noise():
    bare = [{"product_id": row["product_id"], "title": row["title"]} for row in ROWS]
    maker = NoiseMaker(bare, seed=5)
    assert {kind for kind in Kind if list(maker.make(kind, 5))} == {
        Kind.TRUNCATED_TITLE, Kind.TITLE_MISMATCH, Kind.NONSENSE_TITLE}
    same = NoiseMaker([{**row, "brand": "Acme", "category": "All"} for row in ROWS], seed=6)
    assert not list(same.make(Kind.WRONG_BRAND, 5))
    assert not list(same.make(Kind.WRONG_CATEGORY, 5))
