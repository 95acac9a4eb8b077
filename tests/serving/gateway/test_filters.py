"""Filters and the counts beside them."""

from serving.gateway.catalogue import Product
from serving.gateway.filters import Filters, count_facets

PRODUCTS = [
    Product("1", "a", brand="Acme", category=("Home", "Desks"), price=10.0),
    Product("2", "b", brand="Acme", category=("Home", "Lamps"), price=20.0),
    Product("3", "c", brand="Bolt", category=("Home", "Lamps"), price=30.0),
    Product("4", "d", brand="", category=("Garden",)),
]


def _filters(brands=(), category=(), price_min=None, price_max=None):
    return Filters.of(brands, category, price_min, price_max)


def _accepted(filters):
    return [product.product_id for product in PRODUCTS if filters.accepts(product)]


def test_nothing_asked_accepts_all():
    assert _accepted(_filters()) == ["1", "2", "3", "4"]
    assert not _filters()


def test_each_condition():
    assert _accepted(_filters(brands=["ACME"])) == ["1", "2"]
    assert _accepted(_filters(brands=["acme", "bolt"])) == ["1", "2", "3"]
    assert _accepted(_filters(category=["home"])) == ["1", "2", "3"]
    assert _accepted(_filters(category=["Home", "Lamps"])) == ["2", "3"]
    assert _accepted(_filters(category=["Lamps"])) == []
    assert _accepted(_filters(price_min=20)) == ["2", "3"]
    assert _accepted(_filters(price_max=20)) == ["1", "2"]
    assert _accepted(_filters(price_min=30, price_max=10)) == []


def test_all_conditions_together():
    assert _accepted(_filters(["Acme"], ["Home", "Lamps"], 5, 50)) == ["2"]


def test_facets_of_everything():
    facets = count_facets(PRODUCTS, _filters())
    assert facets.brands == [("Acme", 2), ("Bolt", 1)]
    assert facets.categories == [(("Home",), 3), (("Garden",), 1)]
    assert facets.prices == (10.0, 30.0)


def test_a_facet_leaves_its_own_filter_out():
    facets = count_facets(PRODUCTS, _filters(["Acme"], ["Home"], 15))
    assert facets.brands == [("Acme", 1), ("Bolt", 1)]  # those from 15 on
    assert facets.categories == [(("Home", "Lamps"), 1)]  # one level down, of Acme from 15 on
    assert facets.prices == (10.0, 20.0)  # of Acme


def test_no_prices():
    assert count_facets(PRODUCTS[3:], _filters()).prices is None
