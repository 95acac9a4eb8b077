"""A small task for the tests of the peers."""

import json
import pathlib

from benchmarks.quality.tasks import Task

TITLES = ("brass desk lamp", "oak desk", "wall clock", "desk lamps of brass")


def shop(folder: pathlib.Path, *, events=(), histories=(), queries=()) -> Task:
    """Products P0 to P3, events as pairs of user and product number."""
    products = [{"product_id": f"P{n}", "title": title} for n, title in enumerate(TITLES)]
    rows = [{"user_id": user, "product_id": f"P{n}"} for user, n in events]
    (folder / "events.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    topics = [f"t{n}" for n in range(len(histories) or len(queries))]
    return Task(folder, products, topics, list(queries), [list(h) for h in histories])
