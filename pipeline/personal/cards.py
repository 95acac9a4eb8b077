"""Payment card numbers: an issuer's first digits, as many as it issues, and a check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.personal.digits import Group, find_runs, is_gtin, windows
from pipeline.personal.spans import FreeText, Kind, Span

_LEAST, _MOST = 13, 19

_ISSUERS = re.compile(
    r"""4\d{12}(?:\d{3})?(?:\d{3})?                                   # Visa
    | 5[1-5]\d{14} | 2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}  # Mastercard
    | 3[47]\d{13}                                                     # American Express
    | 3(?:0[0-5]|09|[689]\d)\d{11}(?:\d{2,5})?                        # Diners Club
    | (?:6011|64[4-9]\d|65\d\d)\d{12,15}                              # Discover
    | 35(?:2[89]|[3-8]\d)\d{12,15}                                    # JCB
    | (?:62|81)\d{14,17}                                              # UnionPay
    | (?:5018|5020|5038|5893|6304|6759|676[1-37])\d{9,15}             # Maestro
    | 220[0-4]\d{12,15} | 9792\d{12} | 60\d{14} | 508[5-9]\d{12}      # Mir, Troy, RuPay
    """, re.VERBOSE)
_CUE = re.compile(
    r"(?:card|visa|mastercard|amex|american express|discover|maestro|diners|jcb|karte|carte|tarjeta"
    r"|carta|kaart|kort|pan|卡号|カード)\W{0,3}(?:(?:no|nr|num|number|nummer|is|ist)\b\W{0,3}){0,2}$",
    re.IGNORECASE)
_CUE_CHARS = 40
_MAX_GROUPS = 19
_USUAL = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3))


def find_cards(text: str, free_text: FreeText) -> Iterator[Span]:
    """Yields the card numbers of a view.

    Args:
        text: the view.
        free_text: in a catalogue only numbers that are grouped as on a card, or said to be one.
    """
    for groups in find_runs(text, _LEAST):
        done = 0
        for first, after in windows(groups, _LEAST, _MOST, _MAX_GROUPS):
            if first >= done and _is_card(text, groups[first:after], free_text):
                done = after
                yield Span(groups[first].start, groups[after - 1].end, Kind.CARD)


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = 2 * digit if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _is_card(text: str, groups: Sequence[Group], free_text: FreeText) -> bool:
    digits = "".join(group.digits for group in groups)
    if not _ISSUERS.fullmatch(digits) or not passes_luhn(digits):
        return False
    start, end = groups[0].start, groups[-1].end
    if text[end:end + 1].isdigit() or _is_fraction(text, start):
        return False
    if _CUE.search(text, max(0, start - _CUE_CHARS), start):
        return True
    sizes = tuple(len(group.digits) for group in groups)
    if free_text is FreeText.CATALOGUE:
        return sizes in _USUAL and "/" not in text[start:end]
    if len(sizes) > 1:
        # Model numbers in a row stand with slashes; sizes in a row have few digits.
        if "/" in text[start:end]:
            return False
        between = {group.before for group in groups[1:]}
        return sizes in _USUAL or min(sizes[:-1]) > 2 or (max(sizes) == 1 and len(between) == 1)
    if len(digits) == _LEAST:
        return False  # Visa gave out its last of thirteen digits long ago; EANs have as many.
    return free_text is FreeText.PROSE or not is_gtin(digits)


def _is_fraction(text: str, start: int) -> bool:
    """Whether the digits go on after a decimal point, as in 0.4111111111111111."""
    return start > 1 and text[start - 1] in ".," and text[start - 2].isdigit()
