"""Queries that a catalogue asks of itself, where nobody has searched it yet.

Two kinds, each with the product that answers it:

- the title, answered by the product with its title blanked: description, brand, category and
  attributes learn to mean what the title means;
- one to four words of title, brand and category, answered by the whole product: what people type
  is short, names what the thing is and whose it is, and keeps the order of the title mostly.

Where a script has no spaces between words a short run of it is drawn like a word, of a longer one
each pair of characters, and what touches becomes one span of the title again. Pairs within a word
are in many titles, those across two words in few: spans mostly begin and end where words do.

Words are drawn without replacement with odds by how much they tell: a word in every title says
next to nothing, but below one title in a hundred rarer is not better, or part numbers would crowd
out what things are called. Every draw comes from a hash of seed and product id.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from bm25s.stopwords import STOPWORDS_EN

from pipeline.cjk import is_run, pairs, split_runs
from pipeline.examples.records import Product
from pipeline.examples.split import normalise_query

MIN_REST_WORDS = 3
"""Words that a product must have beside its title to answer for it."""

LENGTH_ODDS = {1: 0.1, 2: 0.35, 3: 0.35, 4: 0.2}
"""Words in a short pseudo query; real shop queries average between two and three."""

BRAND_ODDS = 0.25
CATEGORY_ODDS = 0.25
"""How often a short query names the brand, or ends in what the category calls the product."""

SHUFFLE_ODDS = 0.15
"""How often a short query leaves the order of the title."""

WHOLE_CHARS = 3
"""A run of so many characters without spaces, at the most, is taken for one word."""

NAME_CHARS = 4
"""Characters of a brand without spaces (its first) and of a category (its last) that are said."""

MAX_ODDS = math.log(100)
"""Odds of a word in a hundredth of the titles, and of every rarer one."""

DIGIT_FACTOR = 0.3
"""Odds of a word with a digit against another: sizes and models are asked for, but less often."""

SINGLE_FACTOR = 0.3
"""Odds of a word that a single product has: mostly part numbers and typing errors."""

_PARTICLES = frozenset("的了和与及或")
"""Chinese characters that join words: a pair with one of them is no word."""

_WORD = re.compile(r"[^\W_]+(?:[-'’./][^\W_]+)*")


class PseudoQuery(NamedTuple):
    """A made query and whether the product may show its title when it answers."""

    text: str
    titled: bool


class WordCounts(NamedTuple):
    """How many products have each of the more frequent title words; others count as one."""

    products: int
    counts: Mapping[str, int]

    def odds(self, word: str) -> float:
        """How readily a word is drawn, 0 for a stop word or a lone Latin letter or digit."""
        folded = word.casefold()
        if folded in STOPWORDS_EN or (len(folded) == 1 and folded.isascii()):
            return 0.0
        if is_run(folded) and not _PARTICLES.isdisjoint(folded):
            return 0.0
        count = self.counts.get(folded, 1)
        odds = min(MAX_ODDS, math.log((self.products + 1) / min(count, self.products)))
        if count == 1:
            odds *= SINGLE_FACTOR
        if any(letter.isdigit() for letter in folded):
            odds *= DIGIT_FACTOR
        return odds


class Unit(NamedTuple):
    """A word, or a pair of characters of a script without spaces, and its place in a text."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """The words of a text; hyphens, points and slashes within a word stay.

    A run of a script without spaces is one word; a lone character of it belongs to the Latin word
    or number before it: 5升, T恤.
    """
    return [word.text for word in _words_in_place(text)]


def units(text: str) -> list[Unit]:
    """What is counted and drawn: the words of a text, its longer runs without spaces in pairs."""
    return [
        Unit(part, word.start + place, word.start + place + len(part))
        for word in _words_in_place(text)
        for place, part in enumerate(
            pairs(word.text) if len(word.text) > WHOLE_CHARS and is_run(word.text)
            else [word.text])]


def _words_in_place(text: str) -> list[Unit]:
    found: list[Unit] = []
    before = 0
    for piece in split_runs(text):
        for word in _WORD.finditer(piece):
            start = before + word.start()
            if found and found[-1].end == start and len(piece) == 1 and is_run(piece):
                found[-1] = Unit(found[-1].text + piece, found[-1].start, start + 1)
            else:
                found.append(Unit(word[0], start, before + word.end()))
        before += len(piece)
    return found


def pseudo_queries(
    product: Product, counts: WordCounts, how_many: int, seed: int
) -> Iterator[PseudoQuery]:
    """At most one title query and `how_many` different short ones.

    Args:
        product: with readable texts, category as names without ">".
        counts: of title words over the catalogue.
        how_many: short queries wished for; a product with few words gives fewer.
        seed: with the product's id it determines every draw.
    """
    rest = (product.description, product.brand, product.category, product.attributes)
    if product.title and sum(len(units(text)) for text in rest) >= MIN_REST_WORDS:
        yield PseudoQuery(product.title, titled=False)
    chance = random.Random(f"{seed}/pseudo query/{product.product_id}")
    seen: set[str] = set()
    for _ in range(4 * how_many):  # Repeated draws are common for a title of two words.
        if len(seen) == how_many:
            break
        text = short_query(product, counts, chance)
        if text and normalise_query(text) not in seen:
            seen.add(normalise_query(text))
            yield PseudoQuery(text, titled=True)


def short_query(product: Product, counts: WordCounts, chance: random.Random) -> str:
    """A query of one to four words that the product answers, "" if it has no usable word."""
    length = chance.choices(list(LENGTH_ODDS), list(LENGTH_ODDS.values()))[0]
    before = words(product.brand)[:2] if chance.random() < BRAND_ODDS else []
    after = words(product.category)[-1:] if chance.random() < CATEGORY_ODDS else []
    before = [word[:NAME_CHARS] if is_run(word) else word for word in before]
    after = [word[-NAME_CHARS:] if is_run(word) else word for word in after]
    named = {word.casefold() for word in (*before, *after)}
    title = [unit for unit in units(product.title) if not _is_said(unit.text.casefold(), named)]
    room = max(1, length - len(before) - len(after))
    chosen = [*before, *_spans(_draw(title, counts, room, chance), product.title), *after]
    if chance.random() < SHUFFLE_ODDS:
        chance.shuffle(chosen)
    return " ".join(chosen)


def _is_said(word: str, named: Set[str]) -> bool:
    return word in named or (is_run(word) and any(word in name for name in named))


def _draw(
    title: list[Unit], counts: WordCounts, how_many: int, chance: random.Random
) -> list[Unit]:
    """Units of the title in its order, drawn by odds without replacement (Efraimidis-Spirakis)."""
    keyed: dict[str, tuple[float, int, Unit]] = {}
    for place, unit in enumerate(title):
        draw = chance.random()  # Drawn for every word, so that a word's odds move no other's draw.
        odds = counts.odds(unit.text)
        if odds > 0 and unit.text.casefold() not in keyed:
            keyed[unit.text.casefold()] = (draw ** (1 / odds), place, unit)
    best = sorted(keyed.values(), reverse=True)[:how_many]
    return [unit for _, _, unit in sorted(best, key=lambda item: item[1])]


def _spans(chosen: list[Unit], title: str) -> list[str]:
    """The units as spans of the title: those that overlap or touch are one."""
    spans: list[tuple[int, int]] = []
    for unit in chosen:
        if spans and unit.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], unit.end)
        else:
            spans.append((unit.start, unit.end))
    return [title[start:end] for start, end in spans]
