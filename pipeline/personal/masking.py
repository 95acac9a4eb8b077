"""Masks what tells about a person in a text."""

from __future__ import annotations

import collections
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.mending import may_be_mended, mend
from pipeline.personal.cards import find_cards
from pipeline.personal.emails import find_emails, may_hold_email
from pipeline.personal.names import find_names, is_name_field, may_hold_name
from pipeline.personal.phones import find_phones
from pipeline.personal.regions import DEFAULT_REGIONS
from pipeline.personal.spans import BLOT, FreeText, Kind, Span
from pipeline.personal.view import normalise

_LONGEST = 512
"""Characters that anything that is masked has, at the most."""

_SHORT = 64
"""Characters of a text that is remembered, at the most."""

_SEVEN_DIGITS = re.compile(r"\d(?:[^\w]{0,4}_?\d){6}")
_MASK = re.compile("|".join(re.escape(kind.mask) for kind in Kind))


class Masked(NamedTuple):
    """A text without personal data.

    Attributes:
        text: with `[email]`, `[card]`, `[phone]` and `[name]` in place of what was found.
        counts: how often each was found; empty where the text is as it was.
    """

    text: str
    counts: collections.Counter[Kind]


def mask_text(
    text: str,
    free_text: FreeText = FreeText.PROSE,
    *,
    regions: tuple[str, ...] = DEFAULT_REGIONS,
    label: str = "",
    end: int | None = None,
) -> Masked:
    """Finds e-mail addresses, card numbers, phone numbers and names, and masks them.

    What markup, entities, a wrong encoding or control characters hide comes to light where the
    text is mended: a text of which that is so is mended here as far as it takes.

    Args:
        text: any text.
        free_text: who wrote it, which says how numbers and names are read.
        regions: countries, by ISO 3166 code, whose phone numbers are known without a country code.
        label: name of the field that the text is the value of; "phone" tells what its digits are.
        end: length from which on the text is cut off; what begins before is masked as a whole.
    """
    kept = text[:end]
    is_cut = len(kept) < len(text)
    if is_cut:
        text = text[:len(kept) + _LONGEST]

    def find(form: str) -> Sequence[Span]:
        look = _find_again if len(form) <= _SHORT else _find
        return look(form, free_text, regions, label)

    spans = find(text)
    if may_be_mended(text):
        mended = _mask_mended(text, _masked(text, spans, len(text)), find)
        if mended is not None:
            # The last characters may be the beginning of something that was cut off.
            length = min(len(kept), max(0, len(mended.text) - _LONGEST)) if is_cut else end
            return Masked(mended.text[:length], mended.counts)
    masked = _masked(text, spans, len(kept))
    return Masked(masked.text[:end], masked.counts)


def is_only_masks(text: str) -> bool:
    """Whether nothing but masks is left of a text."""
    return "[" in text and not re.search(r"\w", _MASK.sub("", text))


def _masked(text: str, spans: Iterable[Span], length: int) -> Masked:
    """The first characters of a text with masks in the place of spans, the last one as a whole."""
    counts: collections.Counter[Kind] = collections.Counter()
    parts = []
    place = 0
    for span in spans:
        if span.start >= length:
            break
        parts += [text[place:span.start], span.kind.mask]
        counts[span.kind] += 1
        place = span.end
    parts.append(text[place:length])
    return Masked("".join(parts), counts)


def _mask_mended(
    text: str, masked: Masked, find: Callable[[str], Sequence[Span]],
) -> Masked | None:
    """A text mended and then masked; None where mending brings nothing to light.

    Args:
        text: as it came.
        masked: the same with what is found in it as it is.
        find: finds personal data.
    """
    mended = mend(text)
    if mended == text:
        return None
    shown = _masked(mended, find(mended), len(mended))
    known = masked.counts.total()
    # Markup may also keep apart what in the mended text is no longer seen to be a number.
    if shown.counts.total() < known:
        mended = mend(masked.text)
        shown = _masked(mended, find(mended), len(mended))
        return Masked(shown.text, masked.counts + shown.counts) if shown.counts else None
    return None if not shown.counts or mend(masked.text) == shown.text else shown


def _find(text: str, free_text: FreeText, regions: tuple[str, ...], label: str) -> list[Span]:
    """What is to be masked, as parts of the text itself, in order and without overlap."""
    if label and free_text is FreeText.PROSE and is_name_field(label):
        return [Span(0, len(text), Kind.NAME)]
    lead = f"{label.replace('_', ' ')}: " if label else ""
    view = normalise(text)
    seen = lead + view.text
    if not _may_hold_any(seen, free_text):
        return []
    found = list(find_emails(seen))
    addresses = [seen[email.start:email.end] for email in found]
    rest = _without(seen, found)
    if _SEVEN_DIGITS.search(rest):
        cards = list(find_cards(rest, free_text))
        rest = _without(rest, cards)
        phones = list(find_phones(rest, free_text, regions))
        rest = _without(rest, phones)
        found += [*cards, *phones]
    found += _joined(find_names(rest, free_text, addresses))
    return [
        Span(*view.original(max(0, span.start - len(lead)), span.end - len(lead)), span.kind)
        for span in sorted(found) if span.end > len(lead)]


def _may_hold_any(seen: str, free_text: FreeText) -> bool:
    """Whether there is anything to look at; quick, as most texts hold nothing."""
    return may_hold_email(seen) or _SEVEN_DIGITS.search(seen) is not None or (
        free_text is not FreeText.CATALOGUE and may_hold_name(seen))


_find_again = functools.lru_cache(1 << 14)(_find)
"""Remembers: the same queries and values of attributes come again and again."""


def _without(text: str, spans: Iterable[Span]) -> str:
    """The text with what was found, in order, blotted out, so that nothing is found across it."""
    parts = []
    place = 0
    for span in spans:
        parts += [text[place:span.start], BLOT * (span.end - span.start)]
        place = span.end
    return "".join([*parts, text[place:]]) if parts else text


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """The spans in order, those that overlap as one."""
    last: Span | None = None
    for span in sorted(spans):
        if last is not None and span.start < last.end:
            last = last._replace(end=max(last.end, span.end))
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
