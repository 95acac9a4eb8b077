"""A shop with personal data put into its tables, and a search for what is left of it."""

from __future__ import annotations

import gzip
import json
import pathlib
import random
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from benchmarks.governance import personal_forms
from benchmarks.governance.personal_forms import HIDINGS, Secret, digits_of, hide
from pipeline.mending import mend

_CUES = {
    "email": ("mail me at {}", "my address is {}", "write to {}"),
    "phone": ("call me at {}", "my number is {}", "Tel.: {}"),
    "card": ("my card is {}", "charged to {}", "visa {}")}
MAKE = {
    "email": personal_forms.email, "phone": personal_forms.phone, "card": personal_forms.card}
PLACES = {"query": "events", "review": "events", "profile": "users", "judged query": "judgments"}


class Placed(NamedTuple):
    """A secret in a row of a shop.

    Attributes:
        place: of `PLACES`.
        row: what names the row after ingest: its line, or the id of the user.
        cued: whether words before it say what it is.
    """

    place: str
    row: str
    secret: Secret
    cued: bool


def write_shop(
    folder: pathlib.Path, titles: list[str], count: int, rng: random.Random,
) -> tuple[list[Placed], list[str]]:
    """Writes tables with secrets in them.

    Args:
        folder: receives the tables.
        titles: what the texts are made of.
        count: secrets of each kind in each place.
        rng: draws everything.

    Returns:
        The secrets that are in rows which can be used, and the texts of all secrets, those in rows
        for quarantine, in ids and in names of columns too.
    """
    placed: list[Placed] = []
    tables: dict[str, list[Any]] = {
        "products": [{"product_id": f"p{n}", "title": title} for n, title in enumerate(titles)],
        "events": [], "users": [], "judgments": []}
    for kind in (*MAKE, "name"):
        for place, table in PLACES.items():
            for _ in range(count):
                cued = rng.random() < 0.5
                secret = MAKE[kind](rng) if kind in MAKE else personal_forms.name(rng, cued)
                text = _embed(secret, cued, rng.choice(titles), place, rng)
                rows = tables[table]
                rows.append(_row(place, text, f"p{rng.randrange(len(titles))}", len(rows)))
                row = rows[-1]["user_id"] if table == "users" else str(len(rows))
                placed.append(Placed(place, row, secret, cued))
    secrets = [*(p.secret.text for p in placed if p.secret.kind != "name")]
    secrets += _add_broken_rows(tables, count, rng)
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)
                 for row in rows)
        (folder / f"{table}.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return placed, secrets


def _embed(secret: Secret, cued: bool, title: str, place: str, rng: random.Random) -> str:
    """A text with a secret between words of a title."""
    words = title.split()
    if "query" in place:
        words = words[:rng.randint(1, 5)]
    if secret.kind == "name":
        return f"{' '.join(words)}. {secret.text}"
    told = rng.choice(_CUES[secret.kind]).format(secret.text) if cued else secret.text
    if rng.random() < 0.1:
        told = hide(told, rng.choice(sorted(HIDINGS)), rng)
    cut = rng.randint(0, len(words))
    return " ".join([*words[:cut], told, *words[cut:]])


def _row(place: str, text: str, product: str, number: int) -> dict[str, Any]:
    if place == "profile":
        return {"user_id": f"user{number}@shop.example", "profile": text}
    if place == "judged query":
        return {"query": text, "product_id": product, "grade": 1}
    return {"user_id": f"user{number}@shop.example", "product_id": product, "event": "view",
            "query" if place == "query" else "review": text}


def _add_broken_rows(tables: dict[str, list[Any]], count: int, rng: random.Random) -> list[str]:
    """Adds rows for quarantine, attributes and columns that hold secrets; returns their texts."""
    texts = []

    def one() -> str:
        kind = rng.choice(sorted(MAKE))
        texts.append(MAKE[kind](rng).text)
        return texts[-1]

    view = {"user_id": "u", "product_id": "p0", "event": "view"}
    judged = {"query": "mug", "product_id": "p0", "grade": 1}
    for _ in range(max(1, count // 10)):
        tables["products"] += [
            f'{{"product_id": "x", "title": "{one()}"', f"not json {one()}",
            {"title": f"no id {one()}"}]
        tables["judgments"] += [
            {**judged, "query": f"ask {one()}", "grade": -1}, {**judged, "grade": one()},
            {**judged, "product_id": f"gone {one()}"}, f'{{"query": "{one()}"',
            {**judged, "rater": one()}, {**judged, "split": one()}]
        tables["events"] += [
            {**view, "event": one()}, {**view, "timestamp": one()}, f"{{{one()}",
            {**view, "session_id": one()}, {**view, "attributes": {"notes": ["a", {"b": one()}]}},
            {**view, "attributes": {one(): 1}}]
        tables["users"] += [{"user_id": one(), "contact": one(), one(): "x"}]
    return texts


def texts_of(rows: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[tuple[str, str], str]:
    """The texts of ingested rows, by `place` and `row` of what was put into them.

    Args:
        rows: of each table.
    """
    return {
        (place, row["user_id"] if table == "users" else str(row["position"])):
        row.get(place.removeprefix("judged "), "")
        for place, table in PLACES.items() for row in rows[table]}


def is_left(text: str, secret: Secret) -> bool:
    """Whether a secret can still be read from a text, or from what governance makes of it."""
    forms = (text, mend(text))
    if secret.kind in ("phone", "card"):
        return any(secret.trace in digits_of(form) for form in forms)
    return any(secret.trace.lower() in form.lower() for form in forms)


def find_traces(folder: pathlib.Path, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Files under a folder that hold one of the texts, as it is, in bytes; with the text."""
    sought = sorted({text.encode() for text in texts})
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            found += [(str(path), text.decode()) for text in sought if text in data]
    return found
