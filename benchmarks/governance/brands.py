"""How well spellings of brands are resolved: merges to judge by eye, and injected spellings.

Usage:  python -m benchmarks.governance.brands [--tasks DIR]

Prints every merge on the catalogues of chorus and scientific as they are. Then one product in
twenty gets another spelling of its brand, of five kinds, and the table says of those whose brand
another product has, how many are led to what most of the other products of the brand have
(recall), and how many of all products whose brand is changed are (precision; what is merged on the
clean catalogue counts as one brand). White space is tidied before, as it is by another rule.
"""

from __future__ import annotations

import collections
import json
import random
import string
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.governance.options import task_parser
from pipeline.governance.graph.brands import MISSPELLED, Spelling, brand_use, resolve_brands

TASKS = ("chorus", "scientific")
_SHARE = 0.05
_SEEDS = (1, 2, 3)


def main(arguments: list[str] | None = None) -> int:
    """Prints the merges, then a line for each kind of spelling."""
    folder = task_parser(__doc__).parse_args(arguments).tasks
    for task in TASKS:
        path = folder / task / "products.jsonl"
        if not path.exists():
            print(f"{task}: skipped, there is no {path}; name the tasks' folder with --tasks.")
            continue
        with path.open(encoding="utf-8") as lines:
            rows = [row for row in map(json.loads, lines) if row.get("brand")]
        clean = _resolve(rows)
        print(f"{task}: {len({row['brand'] for row in rows})} spellings of brands, "
              f"{len(clean)} of them merged")
        for spelling, right in sorted(clean.items(), key=lambda item: item[::-1]):
            kind = "typing error" if right.confidence == MISSPELLED else "form"
            print(f"  {spelling!r} is {right.canonical!r} ({kind})")
        _inject(rows, clean)
    return 0


def _inject(rows: Sequence[dict[str, Any]], clean: dict[str, Spelling]) -> None:
    given: collections.Counter[str] = collections.Counter()
    led_back: collections.Counter[str] = collections.Counter()
    changed = right = 0
    for seed in _SEEDS:
        rng = random.Random(seed)
        noisy, kinds = [], []
        for row in rows:
            kind = rng.choice(list(KINDS)) if rng.random() < _SHARE else ""
            brand = KINDS[kind](row["brand"], rng) if kind else row["brand"]
            kinds.append(kind if brand != row["brand"] else "")
            noisy.append({**row, "brand": " ".join(brand.split())})
        resolved = _resolve(noisy)
        found = [resolved.get(other["brand"], Spelling(other["brand"], 1.0)).canonical
                 for other in noisy]
        true = [clean.get(row["brand"], Spelling(row["brand"], 1.0)).canonical for row in rows]
        members: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for brand, spelling, kind in zip(true, found, kinds, strict=True):
            members[brand][spelling] += not kind
        for brand, spelling, kind, other in zip(true, found, kinds, noisy, strict=True):
            [(most, count)] = members[brand].most_common(1)
            if kind and count:
                given[kind] += 1
                led_back[kind] += spelling == most
            if spelling != other["brand"]:
                changed += 1
                right += spelling == most
    for kind in KINDS:
        print(f"  {kind:16s} {given[kind]:5d} injected, recall {led_back[kind] / given[kind]:.3f}")
    print(f"  {'all':16s} {given.total():5d} injected, "
          f"recall {led_back.total() / given.total():.3f}, precision {right / changed:.3f}")


def _resolve(rows: Sequence[dict[str, Any]]) -> dict[str, Spelling]:
    return resolve_brands(collections.Counter(filter(None, map(brand_use, rows))))


def _case(brand: str, rng: random.Random) -> str:
    return rng.choice((str.upper, str.lower, str.title))(brand)


def _punctuation(brand: str, rng: random.Random) -> str:
    words = brand.replace("-", " ").replace(".", " ").split()
    return rng.choice((" ", "-", "")).join(words) if len(words) > 1 else rng.choice(
        (f"{brand}®", f"{brand}.", f" {brand}"))


def _legal_form(brand: str, rng: random.Random) -> str:
    return brand + rng.choice((" Inc.", ", Inc", " GmbH", " Ltd.", " Co., Ltd", " Corporation"))


def _web_ending(brand: str, rng: random.Random) -> str:
    return brand.replace(" ", "") + rng.choice((".com", ".de", ".co.uk"))


def _typing_error(brand: str, rng: random.Random) -> str:
    """One letter left out, doubled, changed, or swapped with the next, anywhere."""
    at = rng.randrange(len(brand))
    head, letter, tail = brand[:at], brand[at], brand[at + 1:]
    kind = rng.randrange(4)
    if kind == 3 and tail:
        return head + tail[0] + letter + tail[1:]
    return head + ("", letter * 2, rng.choice(string.ascii_lowercase))[kind % 3] + tail


KINDS: dict[str, Callable[[str, random.Random], str]] = {
    "case": _case, "punctuation": _punctuation, "legal form": _legal_form,
    "web ending": _web_ending, "typing error": _typing_error}

if __name__ == "__main__":
    sys.exit(main())
