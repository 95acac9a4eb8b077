"""Which spellings are one brand: "Hewlett-Packard", "HEWLETT PACKARD Inc." and "Hewlet Packard".

Two spellings are one where their key is the same: case, accents, punctuation, white space, legal
form and web ending set aside. Beyond that, a rare key one typing error away from a frequent one is
taken for a misspelling of it if titles say the frequent one and not the rare one: who types a
brand wrong types it wrong once. Short names, numbers and scripts without case are too dense for
that, and two names that both occur often are two brands ("HP" and "HPE").
"""

from __future__ import annotations

import collections
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pipeline.governance.findings import Action, Finding, Rule
from pipeline.ingest.rows import Row

BRAND_SPELLING = Rule(
    "brand_spelling", ("products",),
    "The brand is spelled in another way than on most products of the brand.",
    "Choose the brand from a list instead of typing it.", severe=False)

SAME_KEY, MISSPELLED = 0.95, 0.9
"""Confidence that two spellings are one brand: by their key, as are 16 of 17 by eye in two real
catalogues, and by a typing error, of which the same catalogues have but one
(benchmarks/governance/brands.py)."""

MIN_TYPO_CHARS = 5
"""Characters of a brand's key below which what looks like a typing error is more often another
brand: LG and LC, Acer and Acme are one or two letters apart."""

TYPO_RATIO = 3
"""How many times as frequent a name must be as what is taken for a misspelling of it."""

TITLED_SHARE = 0.5
"""Share of its titles that contain a brand's name, below which it may be a misspelling, and from
which on it may be what was meant: where titles say no brands, they tell nothing."""

_MARKS = re.compile(r"[®™©℠]|\((?:r|tm|c)\)", re.IGNORECASE)
_WEB = re.compile(r"(?:[.\s-]com|\.(?:net|org|de|eu|co\.uk))$")
_LEGAL = re.compile(
    r"[\s,]+(?:&\s*)?(?:inc(?:orporated)?|l\.?l\.?c|ltd|limited|corp(?:oration)?|co|company"
    r"|gmbh|mbh|ag|kg|plc|b\.?v|n\.?v|s\.?a|s\.p\.a|s\.?r\.?l|a/s|aps|pty|pte|k\.k)\.?$"
    r"|(?:股份|有限责任|有限)+公司$|\s*株式会社$")
_AND = re.compile(r"\s*[&＆]\s*|(?<=\w)\+(?=\w)")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")


class BrandUse(NamedTuple):
    """A spelling of a brand on a product, and whether the product's title says it too."""

    spelling: str
    titled: bool


class Spelling(NamedTuple):
    """What a brand should be spelled like, and the confidence that it is that brand."""

    canonical: str
    confidence: float


class _Total(NamedTuple):
    """Products of a brand, and how many of their titles say it."""

    products: int
    titled: int


def brand_key(spelling: str) -> str:
    """What spellings of one brand have in common; two brands may still be one typing error apart.

    Where nothing is left but a legal form or signs, they are the key.
    """
    text = folded = _folded(spelling).strip()
    while True:
        shorter = _WEB.sub("", _LEGAL.sub("", text)).rstrip(" ,.&")
        if shorter == text or not _WORD.search(shorter):
            break
        text = shorter
    text = _AND.sub(" and ", text.removeprefix("the "))
    return "".join(_words(text)) or folded


def brand_use(row: Row) -> BrandUse | None:
    """How a product uses a brand, as `resolve_brands` counts it; None without a brand.

    White space is another rule's business.
    """
    brand = " ".join(row.get("brand", "").split())
    if not brand:
        return None
    return BrandUse(brand, _is_named(brand_key(brand), _words(_folded(row["title"]))))


def resolve_brands(counts: Mapping[BrandUse, int]) -> dict[str, Spelling]:
    """The canonical spelling of each that has another.

    Args:
        counts: products by use, see `brand_use`.

    Returns:
        By spelling; a spelling that is not in it is right as it is. The canonical spelling is the
        most frequent one of its key; where several are as frequent one with upper and lower case,
        then the shortest, then the first by the alphabet.
    """
    spellings: dict[str, list[str]] = collections.defaultdict(list)
    products: collections.Counter[str] = collections.Counter()
    totals: dict[str, _Total] = {}
    for (spelling, titled), count in counts.items():
        key = brand_key(spelling)
        if spelling not in products:
            spellings[key].append(spelling)
        products[spelling] += count
        totals[key] = _add(totals.get(key, _Total(0, 0)), _Total(count, titled * count))
    canonical = {
        key: min(found, key=lambda one: (
            -products[one], one.isupper() or one.islower(), len(one), one))
        for key, found in spellings.items()}
    corrected = _correct(totals)
    resolved = {}
    for key, found in spellings.items():
        right = canonical[corrected.get(key, key)]
        confidence = MISSPELLED if key in corrected else SAME_KEY
        resolved.update({
            spelling: Spelling(right, confidence) for spelling in found if spelling != right})
    return resolved


def find_brand_spelling(row: Row, spellings: Mapping[str, Spelling]) -> Iterator[Finding]:
    """The repair of a product's brand, where `resolve_brands` knows one."""
    spelling = spellings.get(" ".join(row.get("brand", "").split()))
    if spelling is not None:
        yield Finding(
            BRAND_SPELLING.name, "brand", Action.REPAIRED, spelling.canonical, spelling.confidence)


def _is_named(key: str, words: list[str]) -> bool:
    """Whether some words in a row make up a key."""
    title = "".join(words)
    ends = set(itertools.accumulate(map(len, words), initial=0))
    start = title.find(key)
    while start >= 0:
        if start in ends and start + len(key) in ends:
            return True
        start = title.find(key, start + 1)
    return False


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("'", "").replace("’", ""))


def _folded(text: str) -> str:
    """In lower case, Latin letters without accents; what other scripts compose stays as it is."""
    folded = unicodedata.normalize("NFKC", _MARKS.sub(" ", text)).casefold()
    if folded.isascii():
        return folded
    bases = (unicodedata.normalize("NFD", char)[0] for char in folded)
    return "".join(
        base if base.isascii() else char for base, char in zip(bases, folded, strict=True))


def _add(one: _Total, other: _Total) -> _Total:
    return _Total(one.products + other.products, one.titled + other.titled)


def _correct(totals: Mapping[str, _Total]) -> dict[str, str]:
    """The right key of each that is a misspelling.

    What a misspelling adds to its brand may bring a further one into its reach, so that it goes on
    until nothing changes: resolving what was resolved then changes nothing.
    """
    near = _one_edit_apart(totals)
    order = sorted(near, key=lambda key: (-totals[key].products, key))
    totals = dict(totals)
    corrected: dict[str, str] = {}
    found = True
    while found:
        found = False
        for wrong in order:
            products, titled = totals[wrong]
            if wrong in corrected or titled >= TITLED_SHARE * products:
                continue
            rights = [
                key for key in near[wrong]
                if len(key) >= MIN_TYPO_CHARS and key not in corrected
                and totals[key].products >= TYPO_RATIO * products
                and totals[key].titled >= TITLED_SHARE * totals[key].products]
            if rights:
                right = min(rights, key=lambda key: (-totals[key].products, key))
                corrected[wrong], found = right, True
                totals[right] = _add(totals[right], totals[wrong])
    for wrong, right in corrected.items():
        while right in corrected:
            right = corrected[right]
        corrected[wrong] = right
    return corrected


def _one_edit_apart(keys: Iterable[str]) -> dict[str, list[str]]:
    """For each key those that a typing error may have come from; two that share a deletion."""
    by_deletion: dict[str, list[str]] = collections.defaultdict(list)
    for key in keys:
        if len(key) >= MIN_TYPO_CHARS - 1 and _is_cased(key):
            for shorter in {key, *(key[:at] + key[at + 1:] for at in range(len(key)))}:
                by_deletion[shorter].append(key)
    near: dict[str, set[str]] = collections.defaultdict(set)
    for sharing in by_deletion.values():
        for one, other in itertools.combinations(sharing, 2):
            if _is_typing_error(one, other):
                near[one].add(other)
                near[other].add(one)
    return {key: sorted(others) for key, others in near.items()}


def _is_cased(key: str) -> bool:
    """Whether all letters have a case: where none has, a character says more than a letter."""
    return all(char.isdigit() or char.lower() != char.upper() for char in key)


def _is_typing_error(one: str, other: str) -> bool:
    """Whether a letter is too much, changed or swapped with the next, but no digit."""
    if _DIGITS.findall(one) != _DIGITS.findall(other):
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)))
    one, other = one[start:], other[start:]
    if len(one) == len(other) and one[2:] == other[2:] and one[:2] == other[1::-1]:
        return True
    return one[len(one) >= len(other):] == other[len(other) >= len(one):]
