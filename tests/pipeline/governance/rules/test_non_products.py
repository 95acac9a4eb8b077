import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import Action
from pipeline.governance.rules.non_products import find_non_products

SHOP = ShopFacts(products=1000, capital_share=0.5, priced_share=0.99)
SHOUTING = ShopFacts(products=1000, capital_share=0.98, priced_share=0.99)


def judge(title, facts=SHOP, **values):
    findings = list(find_non_products({"product_id": "a", "title": title, **values}, facts))
    assert len(findings) <= 1
    return (findings[0].rule, findings[0].action) if findings else None


@pytest.mark.parametrize("title", [
    "POSTAGE", "Next Day Carriage", "Bank charges", "Packing charge", "Versandkosten", "AMAZON FEE",
    "Frais de livraison"])
def test_charges_that_stand_alone(title):
    assert judge(title, price=5.0) == ("non_product", Action.SET_ASIDE)


@pytest.mark.parametrize("title", [
    "Adjust bad debt", "Manual", "Discount", "damages", "wrongly coded 23343", "sold by dotcom",
    "Thrown away - rusty", "Unsaleable, destroyed.", "Lost and Found", "Missing", "Damage"])
def test_nothing_but_book_keeping_counts_where_the_price_says_the_same(title):
    assert judge(title, price=0) == ("non_product", Action.SET_ASIDE)
    found = judge(title, price=5.0)
    assert found is None or found == ("non_product", Action.NOTED)


@pytest.mark.parametrize("title", [
    "Shipping Box", "Packing boxes", "Post Box", "Display Box", "Deposit Box", "Mixed Box",
    "Sample Set", "Water set", "Post-it", "Shipping Boxes 10", "In Charge", "Charge 2"])
def test_goods_of_two_words_with_a_price_stay(title):
    assert judge(title, price=5.0) in (None, ("non_product", Action.NOTED))


@pytest.mark.parametrize("title", [
    "Blue check bag", "Manual coffee grinder", "Postage stamps album", "Sample spoon set",
    "Display cabinet oak", "Bank of England mug", "Test tube vase", "Broken heart necklace",
    "Wet wipes 12 pack", "Lost in Translation DVD", "Charger USB-C", "Discount card holder",
    "Box", "Stock pot 5 l", "Found object sculpture", "Carriage clock", "1984", "Delivery"])
def test_goods_whose_titles_share_a_word_with_them(title):
    found = judge(title)
    assert found is None or found[1] is Action.NOTED


@pytest.mark.parametrize(("title", "values"), [
    ("check", {"price": 0}), ("Found", {"price": 0}), ("CRUK Commission", {"price": 0})])
def test_a_doubtful_title_counts_where_the_price_says_the_same(title, values):
    assert judge(title, **values) == ("non_product", Action.SET_ASIDE)
    assert judge(title, price=3.0) is None


def test_a_doubtful_title_counts_where_its_case_is_not_the_shops():
    assert judge("showroom", SHOUTING) == ("non_product", Action.SET_ASIDE)
    assert judge("SHOWROOM", SHOUTING) is None


def test_a_doubtful_title_counts_where_it_was_never_sold():
    facts = ShopFacts(never_sold=frozenset({"a"}))
    assert judge("returned", facts) == ("non_product", Action.SET_ASIDE)


@pytest.mark.parametrize("title", [
    "?", "??", "-", "test", "Test product", "n/a", "TBD", "...",
    # What the generated shops hold.
    "Test product do not order", "TBC", "xxx", "Copy of new item", "Delete me",
    "测试商品请勿拍", "待定", "新品复制", "删除"])
def test_titles_that_name_nothing(title):
    assert judge(title) == ("placeholder", Action.SET_ASIDE)


def test_a_number_may_be_a_book():
    assert judge("1984") == ("placeholder", Action.NOTED)
    assert judge("20713", price=0) == ("placeholder", Action.SET_ASIDE)


def test_a_price_of_nothing_counts_where_others_have_one():
    assert judge("Blue bag", price=0) == ("no_price", Action.SET_ASIDE)
    assert judge("Blue bag", ShopFacts(priced_share=0.3), price=0) is None
    assert judge("Blue bag") is None


@pytest.mark.parametrize("title", ["电动牙刷", "茶", "Чайник", "مصباح", "怀孕测试笔"])
def test_other_scripts_name_products(title):
    assert judge(title) is None


@given(st.text(min_size=1))
def test_any_title_gets_an_answer(title):
    found = judge(title)
    assert found is None or found[1] in (Action.SET_ASIDE, Action.NOTED)
