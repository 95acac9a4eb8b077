"""Prices as texts write them, "€ 12,50", "12.50 EUR" or "$5": an amount and a currency."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.governance.quantities import NUMBER

_CODES = (
    "aed|aud|bgn|brl|cad|chf|cny|czk|dkk|eur|gbp|hkd|huf|ils|inr|jpy|krw|mxn|nok|nzd|pln|ron|rub|"
    "sar|sek|sgd|thb|try|twd|uah|usd|vnd|zar")
"""ISO 4217 codes."""

_SIGNS: Mapping[str, str] = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "us$": "USD", "ca$": "CAD", "c$": "CAD",
    "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "nt$": "TWD", "r$": "BRL",
    "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₫": "VND", "₴": "UAH", "₪": "ILS", "฿": "THB",
    "zł": "PLN", "kč": "CZK", "fr.": "CHF", "sfr.": "CHF", "円": "JPY", "元": "CNY",
    "人民币": "CNY", "rmb": "CNY"}

_SHARED: Mapping[str, tuple[str, ...]] = {
    "$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN"),
    "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"), "kr": ("SEK", "NOK", "DKK"),
    "kr.": ("DKK", "NOK", "SEK")}
"""Signs of several currencies: which one it is, only the shop's other prices tell."""

_SIGN = "|".join((_CODES, *map(re.escape, (*_SIGNS, *_SHARED))))
# Letters stand apart from a number after them: INR18650 is a battery.
_MONEY = re.compile(
    rf"(?:(?P<before>{_SIGN})(?: |(?<!\w)))?(?P<number>{NUMBER})(?:[.,] ?[-–—]+)?"
    rf"(?: ?(?P<after>{_SIGN}))?")


class Money(NamedTuple):
    """An amount and whose it is.

    Attributes:
        number: text of the number, see `quantities.read_number`.
        codes: of the currencies that it may be in.
    """

    number: str
    codes: tuple[str, ...]


def read_money(text: str) -> Money | None:
    """A number with a currency, before or after it; None where a text is anything else."""
    found = _MONEY.fullmatch(" ".join(text.casefold().split()))
    if found is None:
        return None
    candidates = [_codes(sign) for sign in (found["before"], found["after"]) if sign]
    if not candidates:
        return None
    codes = tuple(code for code in candidates[0] if all(code in more for more in candidates))
    return Money(found["number"], codes) if codes else None


def _codes(sign: str) -> tuple[str, ...]:
    if sign in _SHARED:
        return _SHARED[sign]
    return (_SIGNS.get(sign) or sign.upper(),)
