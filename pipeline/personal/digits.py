"""Runs of digit groups, such as "+49 (0)30 1234-567", and the windows of groups in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_RUN = re.compile(r"(?:[+(\[]{1,3} ?)?\d(?:[ ()\[\]./_-]{0,3}\d)*")
_GROUP = re.compile(r"\d+")


class Group(NamedTuple):
    """Digits without anything between them.

    Attributes:
        digits: themselves.
        start: place of the first.
        end: place after the last.
        before: what stands between the group before, or the start of the run, and this one.
    """

    digits: str
    start: int
    end: int
    before: str


def find_runs(text: str, least: int) -> Iterator[list[Group]]:
    """Yields runs of groups that hold at least so many digits altogether.

    Args:
        text: a view.
        least: digits that a run needs, fewer are passed over.
    """
    for run in _RUN.finditer(text):
        if run.end() - run.start() < least:
            continue
        groups = []
        end = run.start()
        for group in _GROUP.finditer(text, run.start(), run.end()):
            groups.append(Group(group[0], group.start(), group.end(), text[end:group.start()]))
            end = group.end()
        if sum(len(group.digits) for group in groups) >= least:
            yield groups


def windows(
    groups: Sequence[Group], least: int, most: int, max_groups: int,
) -> Iterator[tuple[int, int]]:
    """Yields (first, after the last) of neighbouring groups with so many digits altogether.

    From left to right, the longest of each start first.
    """
    for first in range(len(groups)):
        total = 0
        found = []
        for last in range(first, min(first + max_groups, len(groups))):
            total += len(groups[last].digits)
            if total > most:
                break
            if total >= least:
                found.append((first, last + 1))
        yield from reversed(found)


def is_gtin(digits: str) -> bool:
    """Whether digits are as many as, and have the check digit of, an EAN, UPC or GTIN."""
    if len(digits) not in (8, 12, 13, 14):
        return False
    return sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(digits))) % 10 == 0


def is_isbn10(digits: str) -> bool:
    """Whether digits are as many as, and have the check digit of, a book's number before 2007.

    Those of English, French and German publishers, which begin with 0 to 3.
    """
    return len(digits) == 10 and digits[0] in "0123" and sum(
        int(d) * (10 - i) for i, d in enumerate(digits)) % 11 == 0
