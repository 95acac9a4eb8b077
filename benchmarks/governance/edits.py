"""Copies of products as people and feeds make them, with a seed: edits of nine kinds."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.ingest.rows import Row

_WORD = re.compile(r"[^\W\d_]{4,}")
_ADDED = (
    "NEW", "Sale", "Best Price", "Free Shipping", "Top Quality", "Genuine", "Hot", "Special Offer",
    "In Stock", "Bestseller")
_SHORT = {
    "with": "w/", "and": "&", "inch": "in.", "pack": "pk", "piece": "pc", "pieces": "pcs",
    "black": "blk", "white": "wht", "stainless": "stnls", "cartridge": "cart.", "feet": "ft",
    "package": "pkg", "assorted": "asst", "adjustable": "adj.", "professional": "prof.",
    "black/white": "b/w", "notebook": "nb", "keyboard": "kbd", "cable": "cbl", "system": "sys.",
    "original": "orig.", "processor": "proc."}


class Copy(NamedTuple):
    """A product once more.

    Attributes:
        row: with an id of its own.
        source: id of the product that it is a copy of.
        kinds: of edits; the first is in its turn, a second is drawn for every other copy.
    """

    row: Row
    source: str
    kinds: tuple[str, ...]


def copy_products(rows: Sequence[Row], share: float, seed: int) -> list[Copy]:
    """Copies of a share of the products; each kind of edit has its turn where it can be made."""
    rng = random.Random(seed)
    copies: list[Copy] = []
    turn = 0
    for row in rng.sample(rows, round(share * len(rows))):
        for later in range(len(EDITS)):
            kind = list(EDITS)[(turn + later) % len(EDITS)]
            others = [other for other in EDITS if other != kind]
            kinds = (kind, *rng.sample(others, rng.randrange(2)))
            copy = dict(row, product_id=f"copy-{len(copies)}")
            if all(EDITS[name](copy, rng) for name in kinds):
                copies.append(Copy(copy, row["product_id"], kinds))
                turn += later + 1
                break
    return copies


def _case(row: Row, rng: random.Random) -> bool:
    return _set(row, "title", rng.choice((str.upper, str.lower, str.title))(row["title"]))


def _punctuation(row: Row, rng: random.Random) -> bool:
    pattern, replacement = rng.choice((
        (r"(?<=\D)[,;:](?=\s)", ""), (r"(?<=[^\W\d_])-(?=[^\W\d_])", " "), (r"[()]", ""),
        (r"\s+", "  "), (r"[®™]", ""), (r"$", "."), (r"(?<=[^\W\d_]) (?=[^\W\d_])", ", "),
        (r"(?<=[^\W\d_]) (?=[^\W\d_])", " - ")))
    count = 1 if replacement in (", ", " - ") else 0
    return _set(row, "title", re.sub(pattern, replacement, row["title"], count=count))


def _order(row: Row, rng: random.Random) -> bool:
    words = row["title"].split()
    if len(words) < 3:
        return False
    cut = rng.randrange(1, len(words))
    return _set(row, "title", " ".join(words[cut:] + words[:cut]))


def _typo(row: Row, rng: random.Random) -> bool:
    places = [m for m in _WORD.finditer(row["title"])
              if not re.search(r"\w*\d\w*", _around(row["title"], m))]
    if not places:
        return False
    match = rng.choice(places)
    word = match[0]
    place = rng.randrange(len(word) - 1)
    wrong = rng.choice((
        word[:place] + word[place + 1] + word[place] + word[place + 2:],
        word[:place] + word[place + 1:], word[:place] + word[place] + word[place:],
        word[:place] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[place + 1:]))
    return _set(row, "title", row["title"][:match.start()] + wrong + row["title"][match.end():])


def _dropped(row: Row, rng: random.Random) -> bool:
    words = row["title"].split()
    places = [i for i, word in enumerate(words) if word.isalpha()]
    if len(words) < 4 or not places:
        return False
    words.pop(rng.choice(places))
    return _set(row, "title", " ".join(words))


def _added(row: Row, rng: random.Random) -> bool:
    category = row.get("category", "").split(" > ")[-1]
    own = [text for text in (row.get("brand"), category) if text]
    word = rng.choice((*_ADDED, *own * 3))
    return _set(row, "title", rng.choice((f"{word} {row['title']}", f"{row['title']} {word}")))


def _abbreviated(row: Row, rng: random.Random) -> bool:
    words = row["title"].split()
    places = [i for i, word in enumerate(words) if word.isalpha() and (
        word.lower() in _SHORT or len(word) >= 5)]
    if not places:
        return False
    place = rng.choice(places)
    word = words[place]
    words[place] = _SHORT.get(word.lower()) or rng.choice((
        word[0] + re.sub("[aeiouAEIOU]", "", word[1:]), word[: len(word) // 2 + 1] + "."))
    return _set(row, "title", " ".join(words))


def _truncated(row: Row, rng: random.Random) -> bool:
    text = row.get("description", "")
    if len(text) < 20:
        return False
    return _set(row, "description", text[: int(len(text) * rng.uniform(0.4, 0.8))].rstrip())


def _price(row: Row, rng: random.Random) -> bool:
    if not row.get("price"):
        return False
    return _set(row, "price", round(row["price"] * rng.uniform(0.98, 1.02), 2))


def _around(text: str, match: re.Match[str]) -> str:
    begin = text.rfind(" ", 0, match.start()) + 1
    end = text.find(" ", match.end())
    return text[begin:end if end >= 0 else len(text)]


def _set(row: Row, name: str, value: object) -> bool:
    changed = row.get(name) != value
    row[name] = value
    return changed


EDITS: dict[str, Callable[[Row, random.Random], bool]] = {
    "case": _case, "punctuation": _punctuation, "order": _order, "typo": _typo,
    "dropped word": _dropped, "added word": _added, "abbreviation": _abbreviated,
    "description truncated": _truncated, "price": _price,
}
"""What each kind changes in a row; says whether anything."""
