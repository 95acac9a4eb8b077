import json

import pytest

from serving.batch import RunSummary, _batches, write_recommend_run, write_search_run
from serving.batch_inputs import Task
from serving.errors import ServingError
from serving.retrieval import Context
from tests.serving.toy_model import save_version


@pytest.fixture
def serving_dir(push, tmp_path):
    push("second", 1)
    push("first", 2)
    return tmp_path / "serving"


def _rows(path):
    return [line.split(" ") for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_search_run(serving_dir, tmp_path):
    queries = tmp_path / "queries.tsv"
    queries.write_text("long\tkitchen faucet steel\nempty\t\nq3\tgarden 😀 hose\n")
    output = tmp_path / "run"

    summary = write_search_run(
        serving_dir, queries, output, top_k=2, batch_size=2, tag="mine", progress=False)

    assert summary == RunSummary(version=2, tasks=3, results=6)
    rows = _rows(output)
    assert [row[:4] for row in rows] == [
        ["long", "Q0", "p8", "1"], ["long", "Q0", "p7", "2"],
        ["empty", "Q0", "p1", "1"], ["empty", "Q0", "p2", "2"],
        ["q3", "Q0", "p3", "1"], ["q3", "Q0", "p4", "2"]]
    assert {row[5] for row in rows} == {"mine"}
    assert float(rows[0][4]) > float(rows[1][4])


CONTEXTS = [
    {"context_id": "a", "user_id": "u", "history": ["p3", "p1"], "exclude": ["p2"]},
    {"context_id": "b", "history": []},
    {"context_id": "c", "history": [f"p{i}" for i in range(1, 9)]},
    {"context_id": "d", "history": ["gone"], "query": "drill"},
]


@pytest.fixture
def contexts(tmp_path):
    path = tmp_path / "contexts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CONTEXTS))
    return path


def _products(path):
    products: dict[str, list[str]] = {}
    for row in _rows(path):
        products.setdefault(row[0], []).append(row[2])
    return products


def test_a_recommend_run_leaves_out_the_history_and_what_is_excluded(
        serving_dir, contexts, tmp_path):
    output = tmp_path / "run"
    summary = write_recommend_run(serving_dir, contexts, output, top_k=6, progress=False)
    products = _products(output)
    # Of eight products context a leaves five, and context c none.
    assert summary == RunSummary(version=2, tasks=4, results=5 + 6 + 0 + 6)
    assert products["a"][0] == "p4"
    assert set(products["a"]) == {"p4", "p5", "p6", "p7", "p8"}
    assert products["b"] == ["p1", "p2", "p3", "p4", "p5", "p6"]
    assert products["d"][0] == "p5"


def test_events_of_a_context_count(serving_dir, tmp_path):
    path = tmp_path / "contexts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [
        {"context_id": "hose", "history": ["p3", "p5"], "history_events": ["purchase", "view"]},
        {"context_id": "drill", "history": ["p3", "p5"], "history_ages": [200, None]}]))
    write_recommend_run(serving_dir, path, tmp_path / "run", top_k=1, progress=False)
    assert _products(tmp_path / "run") == {"hose": ["p4"], "drill": ["p6"]}


def test_the_history_can_stay_in(serving_dir, contexts, tmp_path):
    output = tmp_path / "run"
    write_recommend_run(
        serving_dir, contexts, output, top_k=3, exclude_history=False, progress=False)
    products = _products(output)
    assert set(products["a"][:2]) == {"p1", "p3"}
    assert "p2" not in products["a"]
    assert len(products["c"]) == 3


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_results_do_not_depend_on_the_batch(serving_dir, contexts, tmp_path, batch_size):
    output = tmp_path / "run"
    write_recommend_run(
        serving_dir, contexts, output, top_k=6, batch_size=batch_size, progress=False)
    assert list(_products(output)) == ["a", "b", "d"]
    assert _products(output)["d"][:2] == ["p5", "p6"]


def test_a_small_catalogue_gives_what_it_has(tmp_path, contexts):
    path = save_version(tmp_path / "serving", 1)
    (path / "assets.extra/emporium.json").write_text('{"products": 6}')
    write_recommend_run(tmp_path / "serving", contexts, tmp_path / "run", top_k=100, progress=False)
    assert len(_products(tmp_path / "run")["b"]) == 6


def test_long_histories_make_small_batches():
    window = [Task(str(n), Context(history=["p"] * n)) for n in (3, 2**15, 1, 2**13, 2**13, 2**13)]
    assert list(_batches(window, batch_size=64)) == [[2, 0], [3, 4], [5], [1]]
    assert list(_batches(window[:3], batch_size=1)) == [[2], [0], [1]]


@pytest.mark.parametrize("top_k", [0, 7])
def test_more_than_was_exported_is_a_clear_error(serving_dir, contexts, tmp_path, top_k):
    output = tmp_path / "run"
    with pytest.raises(ServingError, match=rf"top_k must be .*received {top_k}"):
        write_recommend_run(serving_dir, contexts, output, top_k=top_k, progress=False)
    assert not output.exists()


@pytest.mark.parametrize(("settings", "message"), [
    ({"batch_size": 0}, "batch_size must be at least 1, received 0"),
    ({"batch_size": -3}, "batch_size must be at least 1, received -3"),
    ({"tag": "my model"}, "tag must be one word, .* received 'my model'"),
    ({"tag": ""}, "tag must be one word, .* received ''"),
    ({"tag": "mine\n"}, r"tag must be one word, .* received 'mine\\n'"),
])
def test_a_batch_or_a_tag_that_cannot_be_is_a_clear_error(contexts, tmp_path, settings, message):
    with pytest.raises(ServingError, match=message):  # Before the folder is looked at.
        write_recommend_run(
            tmp_path / "no such folder", contexts, tmp_path / "run", top_k=1, **settings)


def test_a_bad_line_at_the_end_is_found_before_the_work(contexts, tmp_path):
    with contexts.open("a") as file:
        file.write("{}\n")
    with pytest.raises(ServingError, match=r"contexts.jsonl:5: the field context_id is missing"):
        write_recommend_run(tmp_path / "no such folder", contexts, tmp_path / "run", top_k=1)


def test_nothing_pushed_and_nothing_that_searches_are_clear_errors(tmp_path):
    queries = tmp_path / "queries.tsv"
    queries.write_text("1\tusb\n")
    with pytest.raises(ServingError, match=r"no model version in"):
        write_search_run(tmp_path, queries, tmp_path / "run", top_k=1, progress=False)


def test_product_ids_with_whitespace_leave_no_half_written_run(tmp_path):
    save_version(tmp_path / "serving", 1, products={"ok": "hose", "not ok": "rake"})
    queries = tmp_path / "queries.tsv"
    queries.write_text("1\trake\n")
    with pytest.raises(ServingError, match="product id 'not ok' holds whitespace"):
        write_search_run(
            tmp_path / "serving", queries, tmp_path / "run", top_k=1, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["queries.tsv", "serving"]
