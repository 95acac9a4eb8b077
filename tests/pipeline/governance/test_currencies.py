"""Prices in texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.currencies import read_money


@pytest.mark.parametrize(("text", "number", "code"), [
    ("€ 12,50", "12,50", "EUR"), ("12.50 EUR", "12.50", "EUR"), ("EUR 12.50", "12.50", "EUR"),
    ("12,50€", "12,50", "EUR"), ("12.50eur", "12.50", "EUR"), ("£5", "5", "GBP"),
    ("US$ 1,234.50", "1,234.50", "USD"), ("C$5", "5", "CAD"), ("100 元", "100", "CNY"),
    ("12,- €", "12", "EUR"), ("5 zł", "5", "PLN"), ("€ 5 EUR", "5", "EUR"), ("$5 CAD", "5", "CAD")])
def test_a_price_is_read(text, number, code):
    money = read_money(text)
    assert (money.number, money.codes) == (number, (code,))


@pytest.mark.parametrize(("text", "codes"), [
    ("$ 5", ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN")), ("¥500", ("JPY", "CNY")),
    ("5 kr", ("SEK", "NOK", "DKK"))])
def test_a_sign_may_be_of_several_currencies(text, codes):
    assert read_money(text).codes == codes


@pytest.mark.parametrize("text", [
    "", "5", "EUR", "5 EUR/kg", "INR18650", "from 5 EUR", "5 EUR 10", "€ 5 USD", "5 ft",
    "1 2 EURO x"])
def test_what_is_no_price_is_not_read(text):
    assert read_money(text) is None


@given(st.text(max_size=30))
def test_any_text_can_be_asked(text):
    money = read_money(text)
    assert money is None or (money.number in " ".join(text.casefold().split()) and money.codes)
