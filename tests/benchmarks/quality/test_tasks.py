import json

from benchmarks.quality.tasks import load_task


def _write(folder, tables, **holdout):
    (folder / "holdout").mkdir(parents=True)
    for name, rows in tables.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines)
    for name, text in holdout.items():
        (folder / "holdout" / name.replace("_", ".")).write_text(text)
    return folder


def test_events_that_tell_nothing_are_left_out(tmp_path):
    bought = {"event": "purchase"}
    events = [
        {"user_id": "u", "product_id": "B", "value": 2, **bought},
        {"user_id": "u", "product_id": "A", "value": -2, **bought},  # a return
        {"product_id": "A", "value": 1, **bought},  # no customer
        {"user_id": "v", "product_id": "C", "value": 1, **bought},  # no such product
        {"user_id": "v", "product_id": "A", **bought},  # no quantity is said
    ]
    products = [{"product_id": "A", "title": "a"}, {"title": "?"}, {"product_id": "B"}]
    task = load_task(_write(
        tmp_path / "shop", {"products": products, "events": events},
        contexts_jsonl='{"context_id": "c", "history": ["B", "C", "A"]}\n'))
    assert task.interactions() == ([0, 1], [1, 0])
    assert (task.topics, task.histories, task.is_search) == (["c"], [[1, 0]], False)


def test_queries_are_read(tmp_path):
    task = load_task(_write(
        tmp_path / "shop", {"products": [{"product_id": "A"}]},
        queries_tsv='q1\tdesk lamp\nq2\t5" pipe\n'))
    assert (task.name, task.topics, task.queries) == (
        "shop", ["q1", "q2"], ["desk lamp", '5" pipe'])
    assert task.is_search
