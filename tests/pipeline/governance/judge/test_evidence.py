import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.governance.judge.evidence import Evidence, to_matrix
from pipeline.governance.judge.texts import read_texts
from tests.pipeline.governance.judge.shop import products

ROWS = products(260)
KNOWN, NEW = ROWS[:200], ROWS[200:]


@pytest.fixture(scope="module")
def evidence():
    return Evidence(KNOWN)


def measure(evidence, row):
    return {name: float(values[0]) for name, values in evidence.measure([row]).items()}


def test_the_names_are_the_same_whatever_is_measured(evidence):
    bare = {"product_id": "x", "title": "?"}
    names = list(evidence.measure(NEW))
    assert list(evidence.measure([bare])) == names
    assert to_matrix(evidence.measure(NEW)).shape == (len(NEW), len(names))
    assert np.isnan(measure(evidence, bare)["brand in title"])


def test_a_batch_says_of_a_product_what_it_says_alone(evidence):
    together = to_matrix(evidence.measure(NEW))
    np.testing.assert_allclose(
        to_matrix(evidence.measure(NEW[7:8]))[0], together[7], rtol=1e-4, atol=1e-4)


def test_a_title_that_begins_with_another_brand(evidence):
    row = next(row for row in NEW if row["brand"] == "Acme")
    right, wrong = measure(evidence, row), measure(evidence, {**row, "brand": "Delta Lux"})
    assert (right["brand in title"], right["other brand begins title"]) == (1, 0)
    assert (wrong["brand in title"], wrong["other brand begins title"]) == (0, 1)
    assert right["brand by title"] > right["other brand by title"]
    assert wrong["brand by title"] < wrong["other brand by title"]


def test_brands_of_two_words_are_read_whole(evidence):
    [title] = read_texts([{"title": "Delta LUX Desk lamp"}]).title
    assert evidence.brands.said("acme", title) == (False, "delta lux")
    assert evidence.brands.said("delta lux", title) == (True, "delta lux")
    assert evidence.brands.spelling("delta lux") == "Delta Lux"


def test_a_category_of_other_products(evidence):
    row = next(row for row in NEW if row["category"] == "Lighting")
    wrong = measure(evidence, {**row, "category": "Printing"})
    assert wrong["category by rest"] < wrong["other category by rest"]
    assert wrong["neighbours' category"] == 0
    _, views = evidence.read([{**row, "category": "Printing"}])
    [suggestion] = evidence.categories.suggest(views)
    assert suggestion.category == "Lighting"
    assert suggestion.probability > 0.9


def test_a_category_that_an_attribute_names(evidence):
    row = {**NEW[0], "category": "Desk lamp", "attributes": {"kind": "desk lamp"}}
    assert measure(evidence, row)["category is attribute"] == 1
    assert measure(evidence, {**row, "category": "Lamp"})["category is attribute"] == 0


def test_a_price_a_hundred_times_too_high(evidence):
    row = NEW[0]
    right, wrong = measure(evidence, row), measure(evidence, {**row, "price": row["price"] * 100})
    # Prices here differ by 20% at the most, log10 0.1, and all end in 95.
    for name in ("price by vectors", "price by words", "neighbours' price"):
        assert abs(right[name]) < 0.3
        assert wrong[name] - right[name] == pytest.approx(2)
    # Half a product more is counted for each of the 100 endings.
    assert right["price ending"] == pytest.approx(np.log((len(KNOWN) + 0.5) / (len(KNOWN) + 50)))
    assert wrong["price ending"] == pytest.approx(np.log(0.5 / (len(KNOWN) + 50)))


def test_a_title_that_is_cut(evidence):
    row = next(row for row in NEW if "Patch cable" in row["title"])
    whole = measure(evidence, row)
    cut = measure(evidence, {**row, "title": row["title"][:row["title"].index("cable") + 3]})
    assert cut["title end"] < whole["title end"] - 1.5
    assert (whole["last cut"], cut["last cut"]) == (0, 1)
    assert cut["title length"] < -0.3
    assert cut["usual length"] < -0.3
    assert cut["usual words lacking"] > whole["usual words lacking"]
    assert cut["attributes more"] < whole["attributes more"]


def test_a_title_of_another_product(evidence):
    lamp = next(row for row in NEW if row["category"] == "Lighting")
    toner = next(row for row in NEW if row["category"] == "Printing")
    right, wrong = measure(evidence, lamp), measure(evidence, {**lamp, "title": toner["title"]})
    for name in ("title predicts description", "title predicts attributes", "title supported",
                 "usual words share"):
        assert wrong[name] < right[name] - 0.2


TITLE = {"title": st.text(min_size=1, max_size=30)}
SOME = {
    "description": st.text(max_size=30),
    "brand": st.sampled_from(["Acme", "", "ACME GmbH"]), "category": st.sampled_from(["A > B", ""]),
    "price": st.floats(0, 1e12), "attributes": st.dictionaries(
        st.text(max_size=4), st.text(max_size=9) | st.booleans() | st.floats(0, 9), max_size=3)}


@settings(max_examples=30)
@given(st.lists(st.fixed_dictionaries(TITLE, optional=SOME), min_size=1, max_size=4))
def test_any_product_can_be_measured(rows):
    matrix = to_matrix(SMALL.measure(rows))
    assert not np.isinf(matrix).any()


SMALL = Evidence(KNOWN[:40])


@pytest.mark.parametrize("left_out", [
    ("description",), ("attributes",), ("brand",), ("category",), ("price",),
    ("description", "attributes", "brand", "category", "price")])
def test_a_shop_without_some_columns(left_out):
    rows = [{name: row[name] for name in row if name not in left_out} for row in ROWS[:60]]
    matrix = to_matrix(Evidence(rows[:40]).measure(rows[40:]))
    assert not np.isinf(matrix).any()
    assert np.isfinite(matrix).any(axis=1).all()
