"""Names of persons, as far as words around them tell: no model of names is asked.

A name in running text without such words ("Anna found it too small") is not found.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator

from pipeline.personal.cues import CHINESE_CUE, CUE_WORDS, CUES
from pipeline.personal.spans import FreeText, Kind, Span
from pipeline.personal.words import BRANDS, NAME_FIELDS, NOT_A_NAME, ROLES

_LETTERS = re.compile(r"[^\W\d_]+")
_LOCAL_END = re.compile(r"@|%40|[\[({<]|\s(?:at|arroba)\s")


def find_names(text: str, free_text: FreeText, addresses: Iterable[str]) -> Iterator[Span]:
    """Yields the names of persons in a view that words around them, or e-mail addresses, give away.

    Args:
        text: the view, with what was found before blotted out.
        free_text: how careful to be; a catalogue has no names.
        addresses: the e-mail addresses that were found in it.
    """
    if free_text is FreeText.CATALOGUE:
        return
    yield from _of_addresses(text, addresses)
    words = CUE_WORDS.intersection(_LETTERS.findall(text.lower()))
    for cue in CUES if words else ():
        if cue.words.isdisjoint(words) or (free_text is FreeText.QUERY and not cue.in_queries):
            continue
        for match in cue.pattern.finditer(text):
            if _may_be_name(match["name"], doubtful=cue.doubtful):
                yield Span(match.start("name"), match.end("name"), Kind.NAME)
    if not text.isascii():
        for match in CHINESE_CUE.finditer(text):
            yield Span(match.start("name"), match.end("name"), Kind.NAME)


def may_hold_name(text: str) -> bool:
    """Whether a view has words of a kind that names stand beside."""
    return not text.isascii() or not CUE_WORDS.isdisjoint(_LETTERS.findall(text.lower()))


@functools.lru_cache(1 << 10)
def is_name_field(label: str) -> bool:
    """Whether a field, by its name, holds names of persons."""
    return "".join(_LETTERS.findall(label)).lower() in NAME_FIELDS


def _may_be_name(name: str, *, doubtful: bool) -> bool:
    words = [word.lower() for word in _LETTERS.findall(name) if len(word) > 1]
    if not words or words[0] in NOT_A_NAME or words[0] in BRANDS:
        return False
    return not doubtful or len(words) > 1 or not words[0].endswith(("ing", "ly"))


def _of_addresses(text: str, addresses: Iterable[str]) -> Iterator[Span]:
    """Words of the text that are also in the local part of an e-mail address."""
    pieces = {
        piece.lower() for address in addresses
        for piece in _LETTERS.findall(_LOCAL_END.split(address, maxsplit=1)[0])} - ROLES
    parts = {piece for piece in pieces if len(piece) > 2}
    previous: re.Match[str] | None = None
    for word in _LETTERS.finditer(text) if parts else ():
        cased = word[0][0].isupper()
        if not (cased or word[0] in parts):
            previous = None
            continue
        neighbour = previous if previous and word.start() - previous.end() == 1 else None
        before = neighbour[0].lower() if neighbour else ""
        lower = word[0].lower()
        if lower in parts and (cased or len(pieces) > 1):
            both = neighbour is not None and (before in parts or before[0] in pieces)
            yield Span(neighbour.start() if neighbour and both else word.start(), word.end(),
                       Kind.NAME)
        elif neighbour and not parts.isdisjoint(_run_together(before, lower)):
            yield Span(neighbour.start(), word.end(), Kind.NAME)
        previous = word


def _run_together(first: str, last: str) -> tuple[str, ...]:
    """What two names look like in an address: annaschmidt, aschmidt, schmidta."""
    return first + last, first[0] + last, last + first, last + first[0]
