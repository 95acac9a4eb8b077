import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.personal.cards import find_cards, passes_luhn
from pipeline.personal.spans import FreeText

# Numbers that payment services publish for tests.
VISA, MASTERCARD, AMEX, DINERS = (
    "4111111111111111", "5555555555554444", "378282246310005", "30569309025904")


def found(text, free_text=FreeText.PROSE):
    return [text[span.start:span.end] for span in find_cards(text, free_text)]


def test_luhn():
    # 7992739871 with check digit 3: 3 + (2) + 8 + (5) + 9 + (6) + 7 + (4) + 9 + (9) + 7 = 69 + 1.
    assert passes_luhn("79927398713")
    assert not passes_luhn("79927398710")


@given(st.text("0123456789", min_size=1, max_size=18))
def test_exactly_one_check_digit_passes(digits):
    assert sum(passes_luhn(digits + check) for check in "0123456789") == 1


@pytest.mark.parametrize("text", [
    VISA, MASTERCARD, AMEX, DINERS, "6011111111111117", "3530111333300000", "6304000000000000",
    "2223003122003222", "6212345678901265", "4111 1111 1111 1111", "4111-1111-1111-1111",
    "4111.1111.1111.1111", "3782 822463 10005", "3056-930902-5904", "4111 - 1111 - 1111 - 1111",
    "41111111 11111111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"])
@pytest.mark.parametrize("around", ["{}", "pay with {}, please", "nr{}!", "2 mugs {} 12/29"])
def test_cards(text, around):
    if around == "2 mugs {} 12/29" and text.startswith("4 1"):
        return
    assert found(around.format(text)) == [text]


@pytest.mark.parametrize("text", [
    "4111111111111112",  # wrong check digit
    "1111111111111117",  # no issuer's
    "4006381333931", "194252031232",  # EAN, UPC
    "0.4111111111111111", "84111111111111111114",
    "NP-6030/6031/6022/6025", "2222/2230/2234/2246",
    "10 12 15 16 18 20 22 24 27 30"])
def test_no_cards(text):
    assert found(text) == []


def test_thirteen_digits_need_a_word_before_them():
    assert found("4222222222222") == []
    assert found("my visa no. 4222222222222") == ["4222222222222"]


def test_in_a_catalogue_digits_alone_are_no_card():
    assert found(f"serial {VISA}", FreeText.CATALOGUE) == []
    assert found(f"card {VISA}", FreeText.CATALOGUE) == [VISA]
    assert found("4111 1111 1111 1111", FreeText.CATALOGUE) == ["4111 1111 1111 1111"]
