"""Telephone numbers, told from sizes, prices, dates, article numbers and codes of goods.

A number with its country code needs no more than a plus. One as it is written at home has to
have the form of one (a trunk prefix, a grouping that is usual in its country) or a word before
it that says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.personal import numbering
from pipeline.personal import phone_context as context
from pipeline.personal.digits import Group, find_runs, is_gtin, is_isbn10, windows
from pipeline.personal.spans import FreeText, Kind, Span

_LEAST, _MOST = 7, 17
_MAX_GROUPS = 8
_BAR_CODES = frozenset(((1, 5, 5, 1), (1, 10, 1), (1, 6, 6), (2, 5, 5, 1), (1, 2, 5, 5, 1)))
"""Groups of digits as they are printed below a bar code."""
_AREA = "23456789"
"""First digits of area codes and exchanges in North America."""
_EXAMPLES = "555"
"""Area code or exchange of numbers that people make up."""
_NORTH_AMERICA = frozenset(("US", "CA"))

_OPENING = re.compile(r"[(\[+][(\[+ ]*$")
_BRACKETS = re.compile(r"[(\[]+$")
_BRACKETED = re.compile(r"[(\[]\d+[)\]]")


def find_phones(text: str, free_text: FreeText, regions: tuple[str, ...]) -> Iterator[Span]:
    """Yields the telephone numbers of a view.

    Args:
        text: the view.
        free_text: how careful to be.
        regions: countries, by ISO 3166 code, whose numbers are known without a country code.
    """
    for groups in find_runs(text, _LEAST):
        if tuple(len(group.digits) for group in groups) in _BAR_CODES and is_gtin(
                "".join(group.digits for group in groups)):
            continue
        done = 0
        for first, after in windows(groups, _LEAST, _MOST, _MAX_GROUPS):
            if first < done:
                continue
            found = _Number(text, groups, first, after)
            if found.stands_alone() and _is_phone(found, free_text, regions):
                done = after
                extension = context.EXTENSION.match(text, found.end)
                yield Span(found.start, extension.end() if extension else found.end, Kind.PHONE)


class _Number:
    """Neighbouring groups of a run that may be a number.

    Attributes:
        digits: all of them.
        sizes: digits of each group.
        written: the number with its brackets and what stands between its groups.
        plus: whether a plus is before it.
    """

    def __init__(self, text: str, run: Sequence[Group], first: int, after: int) -> None:
        groups = run[first:after]
        lead = groups[0].before
        # No country's code begins with 0: "One+ 030 1234567".
        country = groups[0].digits[0] != "0"
        opening = (_OPENING if country else _BRACKETS).search(lead) if lead.strip() else None
        self.start = groups[0].start - (len(opening[0]) if opening else 0)
        self.end = groups[-1].end
        self.digits = "".join(group.digits for group in groups)
        self.sizes = tuple(len(group.digits) for group in groups)
        self.separators = "".join(group.before for group in groups[1:])
        self.written = text[self.start:self.end]
        if self.written.count("(") > self.written.count(")") and text[self.end:self.end + 1] == ")":
            self.end += 1
        self.plus = opening is not None and "+" in opening[0]
        self.bracketed = _BRACKETED.match(self.written) is not None
        self._text = text
        self._since = max(0, self.start - context.CUE_CHARS)
        self._cued = context.WORD.search(text, self._since, self.start) is not None
        self._tight_before = first > 0 and " " not in lead and not opening
        self._tight_after = after < len(run) and " " not in run[after].before and not (
            set("()") & set(run[after].before))

    def stands_alone(self) -> bool:
        """Whether it is no part of a longer code, fraction or amount."""
        before = self._text[max(0, self.start - 2):self.start]
        if self._tight_before or self._tight_after:
            return False
        if before[-1:].isalnum() or before[-1:] == "_":
            return before[-1].isalpha() and self.comes_after(context.CUE)  # "tel0151 2345678"
        if len(before) == 2 and before[1] in "-./,_" and before[0].isalnum() and not self.plus:
            return False
        after = self._text[self.end:self.end + 2]
        if after.startswith("%"):
            return False
        if after[:1].isalnum() or after[:1] == "_":
            return bool(context.EXTENSION.match(self._text, self.end))
        return not (len(after) == 2 and after[0] in "-./_" and after[1].isalnum())

    def comes_after(self, cue: re.Pattern[str]) -> bool:
        """Whether words just before it say something."""
        return self._cued and cue.search(self._text, self._since, self.start) is not None


def _is_phone(number: _Number, free_text: FreeText, regions: tuple[str, ...]) -> bool:
    if context.DATE.match(number.written.lstrip("(+")):
        return False
    cued = number.comes_after(context.CUE) or (
        free_text is FreeText.PROSE and number.comes_after(context.PROSE_CUE))
    count = len(number.digits)
    if free_text is FreeText.CATALOGUE:
        return cued and (number.plus or _has_form(number, FreeText.PROSE, regions))
    if cued and count <= 15:
        return True
    if number.plus:
        return count >= 8 and numbering.is_international(number.digits, valid=False)
    if number.comes_after(context.ARTICLE_CUE):
        return False
    return _has_form(number, free_text, regions)


def _has_form(number: _Number, free_text: FreeText, regions: tuple[str, ...]) -> bool:
    """Whether a number without a plus looks like one."""
    digits = number.digits
    for exit_code in ("00", "011"):
        if digits.startswith(exit_code) and len(digits) >= 10:
            return numbering.is_international(
                digits[len(exit_code):], valid=len(number.sizes) == 1)
    if len(number.sizes) == 1:
        return _is_bare_phone(digits, free_text, regions)
    return _is_grouped_phone(number, free_text, regions)


def _is_grouped_phone(
    number: _Number, free_text: FreeText, regions: tuple[str, ...],
) -> bool:
    """Whether groups of digits are a number, not sizes, dates or a code of goods."""
    digits, sizes, separators = number.digits, number.sizes, number.separators
    if "_" in separators or context.INTERNET_ADDRESS.fullmatch(number.written):
        return False
    if _has_known_groups(number, free_text, regions):
        return True
    if min(sizes[1:]) == 1 or len(sizes) > 6 or ("." in separators and len(sizes) == 2):
        return False
    if sizes[0] == 1 and not number.bracketed:
        return digits[0] in "08" and len(sizes) > 3 and max(sizes) > 2 and (
            numbering.is_valid_at_home(digits, regions))
    if digits[0] == "0":
        return digits[1] != "0" and _is_grouped_after_trunk(number, regions)
    if 11 <= len(digits) <= 14 and digits[sizes[0]] != "0" and (
            digits[:sizes[0]] in numbering.calling_codes(regions)
            and numbering.is_international(digits, valid=True)):
        return True
    if "/" in separators or not 9 <= len(digits) <= 11 or (len(sizes) == 2 and len(digits) == 9):
        return False
    rounded = all(part.endswith("0") for part in re.findall(r"\d+", number.written))
    return not rounded and numbering.is_grouped_as_at_home(number.written, regions)


def _has_known_groups(number: _Number, free_text: FreeText, regions: tuple[str, ...]) -> bool:
    """Whether the groups alone tell a number, be its area code in use or not."""
    if _NORTH_AMERICA.intersection(regions) and _is_north_american(number, free_text):
        return True
    if "CN" in regions and number.sizes[-3:] == (3, 4, 4) and (
            re.match("(?:86)?1[3-9]", number.digits)):
        return True
    # An area code in brackets, as Brazil has it: (37) 9 8121-3309.
    return number.bracketed and 9 <= len(number.digits) <= 11 and (
        2 <= number.sizes[0] <= 5 and number.sizes[-1] >= 4)


def _is_grouped_after_trunk(number: _Number, regions: tuple[str, ...]) -> bool:
    """Whether groups that start with the 0 of a trunk prefix are a number.

    One that is kept for films and examples is in no range in use, so the form alone may do.
    """
    count = len(number.digits)
    if count in (10, 11) and "." not in number.separators:
        return True
    return 9 <= count <= 13 and numbering.is_valid_at_home(number.digits, regions) and (
        count > 9 or len(number.sizes) > 3 or number.sizes[0] == 2)


def _is_north_american(number: _Number, free_text: FreeText) -> bool:
    """Three, three and four digits, perhaps after a 1 or without the area's three."""
    digits, sizes, separators = number.digits, number.sizes, number.separators
    if sizes == (3, 4):
        return separators == "-" and digits[0] in _AREA and (
            free_text is FreeText.PROSE or digits.startswith(_EXAMPLES))
    if sizes == (1, 3, 3, 4) and digits[0] == "1":
        digits, sizes = digits[1:], sizes[1:]
    if sizes == (3, 7):
        return free_text is FreeText.PROSE and digits[0] in _AREA and digits[3] in _AREA
    if sizes != (3, 3, 4) or digits[0] == "0":
        return False
    if free_text is FreeText.PROSE or "(" in number.written or set(separators) <= set("-."):
        return True
    return digits[0] in _AREA and digits[3] in _AREA


def _is_bare_phone(digits: str, free_text: FreeText, regions: tuple[str, ...]) -> bool:
    """Whether digits without anything between them are a number, not an article's."""
    prose = free_text is FreeText.PROSE
    count = len(digits)
    if not prose and (is_gtin(digits) or is_isbn10(digits)):
        return False
    if _NORTH_AMERICA.intersection(regions):
        local = digits[1:] if count == 11 and digits[0] == "1" else digits
        if len(local) == 10 and local[0] in _AREA and local[3] in _AREA and (
                prose or _EXAMPLES in (local[:3], local[3:6])
                or numbering.is_valid_at_home(local, ("US",))):
            return True
    if digits[0] == "0":
        if prose and count in (10, 11) and digits[1] != "0":
            return True
        return (9 if prose else 10) <= count <= 12 and (
            numbering.is_valid_at_home(digits, regions))
    if count == 11 or (prose and 9 <= count <= 10):
        # In India any ten digits from a 6 on are a number: too many of those are articles.
        return numbering.is_mobile(digits, regions)
    return prose and 12 <= count <= 13 and not is_gtin(digits) and any(
        digits.startswith(code) for code in numbering.calling_codes(regions)) and (
            numbering.is_international(digits, valid=True))
