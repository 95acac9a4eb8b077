import copy

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.governance import noise

BRANDS = ("Acme", "Bolt", "Crane")
NOUNS = ("kettle", "lamp", "cable", "chair")


def shop(count=320):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(count):
        noun, brand = NOUNS[number % 4], BRANDS[int(rng.integers(3))]
        row = {
            "product_id": f"p{number}", "title": f"{brand} {noun}® model {number} in red",
            "description": f"A good {noun} of {brand} with the number {number}",
            "brand": brand, "category": noun, "price": float(rng.integers(1, 90)),
            "attributes": {"colour": "red", f"{noun}_size": number}}
        rows.append(row)
    return rows


def test_a_twentieth_of_the_rows_has_one_of_eight_kinds_in_equal_shares():
    rows = shop()
    before = copy.deepcopy(rows)
    noisy = noise.inject(rows, seed=5)
    assert rows == before
    # 5% of 320 is 16 rows, 2 a kind, of which truncated and swapped titles share one; a swap
    # needs two rows, so that its single one is left out.
    counts = {kind: list(noisy.kinds.values()).count(kind) for kind in noise.SHARES}
    assert counts == {**dict.fromkeys(noise.SHARES, 2), noise.SWAPPED: 0, noise.TRUNCATED: 1}
    was = {row["product_id"]: row for row in rows}
    for row in noisy.products:
        if row["product_id"] not in noisy.kinds:
            assert row == was.pop(row["product_id"])
    assert len(was) == 13  # Rows changed in place; the two copies stand beside their originals.
    assert len(noisy.products) == 322


def test_each_kind_changes_what_it_says():
    rows = shop()
    was = {row["product_id"]: row for row in rows}
    noisy = noise.inject(rows, seed=6, share=0.4)
    changed = {
        noise.CATEGORY: {"category"}, noise.BRAND: {"brand"}, noise.PRICE: {"price"},
        noise.SHUFFLED: {"description"}, noise.TRUNCATED: {"title"}, noise.SWAPPED: {"title"},
        noise.MOJIBAKE: {"title"}}
    for row in noisy.products:
        kind = noisy.kinds.get(row["product_id"])
        if kind in changed:
            old = was[row["product_id"]]
            assert {name for name in old if old[name] != row[name]} == changed[kind]
            if kind == noise.SHUFFLED:
                assert sorted(row["description"].split()) == sorted(old["description"].split())
            if kind == noise.PRICE:
                assert row["price"] == old["price"] * 100
            if kind == noise.TRUNCATED:
                assert old["title"].startswith(row["title"])
                assert 0.25 < len(row["title"]) / len(old["title"]) <= 0.6
            if kind == noise.MOJIBAKE:
                assert "Â®" in row["title"]
    for copied, original in noisy.originals.items():
        assert copied not in was
        assert original not in noisy.kinds


def test_swapped_titles_are_those_of_products_of_different_categories():
    rows = shop()
    noisy = noise.inject(rows, seed=7, share=0.4)
    category_of = {row["title"]: row["category"] for row in rows}
    swapped = [r for r in noisy.products if noisy.kinds.get(r["product_id"]) == noise.SWAPPED]
    assert len(swapped) == 8
    assert all(category_of[row["title"]] != row["category"] for row in swapped)


@given(st.integers(0, 2**31))
def test_the_seed_decides(seed):
    rows = shop(40)
    assert noise.inject(rows, seed, 0.5) == noise.inject(rows, seed, 0.5)


def test_a_shop_of_titles_alone_has_the_kinds_that_fit():
    rows = [{"product_id": f"p{n}", "title": f"oak desk number {n}"} for n in range(200)]
    noisy = noise.inject(rows, seed=1, share=0.4)
    assert set(noisy.kinds.values()) == {
        noise.SWAPPED, noise.TRUNCATED, noise.RANDOM, noise.DUPLICATE}
