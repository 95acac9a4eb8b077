"""The whole chain on the sample shop: run, run again, serve, ask, answer files, be killed.

The tests share one output folder; the last, which is killed and may push a version, changes it.
"""

from __future__ import annotations

import json
import pathlib
import re
import signal
import subprocess
import sys

import pytest
from tensorboard.backend.event_processing import event_accumulator

from pipeline.governance.removals import read_aliases
from serving.client import Client
from tests.e2e.conftest import (
    PATIENCE_SECONDS,
    SAMPLE,
    SETTINGS,
    emporium,
    run_shop,
    started,
)

pytestmark = pytest.mark.e2e

COMPONENTS = 13 + 3 * 5
"""Thirteen of the pipeline, and three for each of the five tables."""


def _versions(out: pathlib.Path) -> list[str]:
    return sorted(path.name for path in (out / "serving").iterdir() if path.name.isdigit())


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()}


def test_a_run_says_what_it_read_decided_and_pushed(shop, first_run):
    out, said = first_run
    [version] = _versions(out)
    assert f"Version {version} is pushed" in said
    assert "beats popularity (search)" in said
    assert "beats popularity (recommend)" in said
    assert "Next:   emporium serve" in said
    counts = {
        name: [int(number.replace(",", "")) for number in numbers]
        for name, *numbers in re.findall(
            r"^ +(\w+) +([\d,]+)  = +([\d,]+)  \+ +([\d,]+)  \+ +([\d,]+)$", said, re.MULTILINE)}
    assert set(counts) == {"products", "events", "users", "judgments", "facts"}
    for rows, kept, merged, quarantined in counts.values():
        assert rows == kept + merged + quarantined
    assert counts["products"][3] > 0, "the sample has dirt"
    [folder] = re.findall(r"rows that could not be used: (\S+)/quarantine-", said)
    assert list(pathlib.Path(folder).glob("quarantine-*.jsonl.gz"))


def test_the_report_and_its_numbers_are_there(first_run):
    out, _ = first_run
    assert "<svg" in (out / "reports" / "latest.html").read_text(encoding="utf-8")
    [kept] = (out / "reports").glob("*/metrics.json")
    metrics = json.loads(kept.read_text(encoding="utf-8"))
    assert metrics["decision"]["blessed"] is True
    assert metrics["seed"] == 1
    assert metrics["data"]["sha256"]
    found = metrics["slices"]["kind:search"]["metrics"]
    assert found["candidate"]["ndcg@10"]["value"] > found["popularity"]["ndcg@10"]["value"]


def test_tensorboard_shows_what_was_trained_and_measured(first_run):
    out, _ = first_run
    tags = set()
    for events in (out / "tensorboard").rglob("events.out.tfevents.*"):
        log = event_accumulator.EventAccumulator(str(events))
        log.Reload()
        tags |= {*log.Tags()["scalars"], *log.Tags()["tensors"]}
    for label in ("text", "contexts"):
        assert {f"{label}/loss", f"{label}/learning_rate", f"{label}/examples_per_second",
                f"{label}/validation_ndcg_at_10"} <= tags
    assert {"all/ndcg@10", "kind:search/recall@50", "all/coverage@10"} <= tags
    assert (out / "tensorboard" / "projector_config.pbtxt").is_file()


def test_a_second_run_is_cached_and_a_change_re_runs_what_depends_on_it(shop, first_run):
    out, _ = first_run
    before = _contents(out / "serving")
    again = run_shop(shop, out)
    assert again.returncode == 0, again.stdout
    assert again.stdout.count("... unchanged") == COMPONENTS
    assert "is unchanged, live" in again.stdout
    changed = run_shop(shop, out, "--set", "gate.bootstrap_samples=200")
    assert changed.returncode == 0, changed.stdout
    ran = re.findall(r"\] (\w+) .*\.\.\. [\d.]+ s$", changed.stdout, re.MULTILINE)
    assert ran == ["RetrievalEvaluator", "Pusher", "KeepProfile"]
    assert _contents(out / "serving") == before


_PLAIN = """
import sys
import tensorflow as tf
import tensorflow_text
model = tf.saved_model.load(sys.argv[1])
ask = model.signatures
found = ask["search"](query=tf.constant(["", "x" * 10000, "\\U0001f600 lamp"]))
assert found["product_id"].shape == found["score"].shape == (3, 100), found
found = ask["recommend"](
    history=tf.constant([["no such product", ""]]), profile=tf.constant([""]),
    query=tf.constant([""]), exclude=tf.constant([[""]]))
assert found["product_id"][0, 0].numpy(), "an empty context gets what is popular"
first = found["product_id"][:1, 0]
assert ask["similar"](product_id=first)["product_id"][0, 0].numpy() != first[0].numpy()
alias, kept = sys.argv[2:]
assert (ask["similar"](product_id=tf.constant([alias]))["product_id"].numpy()
        == ask["similar"](product_id=tf.constant([kept]))["product_id"].numpy()).all()
for name, inputs in (("embed_query", "query"), ("embed_product", "text")):
    vector = ask[name](**{inputs: tf.constant(["a lamp"])})["embedding"]
    assert abs(float(tf.norm(vector)) - 1) < 1e-4
assert set(ask) == {
    "serving_default", "search", "recommend", "recommend_events", "similar", "embed_query",
    "embed_product", "backtest_search", "backtest_recommend", "backtest_recommend_events"}, set(ask)
strangers = {"pipeline", "model", "serving", "tfx", "apache_beam", "keras_nlp",
             "tensorflow_recommenders"} & set(sys.modules)
assert not strangers, strangers
"""


def test_a_pushed_version_loads_with_tensorflow_and_its_text_operations_alone(first_run, tmp_path):
    out, _ = first_run
    [version] = _versions(out)
    [decisions] = (out / "pipeline" / "DataGovernor" / "decisions").iterdir()
    alias, kept = next(iter(read_aliases(str(decisions)).items()))
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PLAIN, str(out / "serving" / version), alias, kept],
        cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_server_answers_the_client_and_the_command_and_stops(first_run):
    out, _ = first_run
    with started("serve", out, "--port", 0, "--rest-port", 0) as server:
        line = next(text for text in server.stdout if "gRPC" in text)
        address = re.search(r"gRPC \S*?(\d+\.\d+\.\d+\.\d+:\d+)", line).group(1)
        with Client(address) as client:
            [found] = client.search(["desk lamp"], top_k=3)
            assert len(found) == 3
        asked = emporium("query", "desk lamp", "--top", "3", "--server", address)
        assert asked.returncode == 0, asked.stderr
        assert [row.split("\t")[0] for row in asked.stdout.splitlines()] == [
            result.product_id for result in found]
        wrong = emporium("query", "desk lamp", "--model-name", "other", "--server", address)
        assert wrong.returncode == 2
        assert "Traceback" not in wrong.stderr
        server.stdout.close()  # As by `emporium serve | head -1`: nothing to do with its stop.
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE_SECONDS) == 0


def test_files_of_queries_and_contexts_become_trec_runs(first_run, tmp_path):
    out, _ = first_run
    queries = tmp_path / "queries.tsv"
    queries.write_text("q1\tdesk lamp\nq2\t\n", encoding="utf-8")
    done = emporium("search", out, "--queries", queries, "--top", 5, "--output", tmp_path / "s.run")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in (tmp_path / "s.run").read_text().splitlines()]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        (query, "Q0", str(rank)) for query in ("q1", "q2") for rank in range(1, 6)]
    chosen = rows[0][2]
    contexts = tmp_path / "contexts.jsonl"
    contexts.write_text(json.dumps(
        {"context_id": "c1", "user_id": "u", "history": [chosen]}) + "\n", encoding="utf-8")
    done = emporium(
        "recommend", out, "--contexts", contexts, "--top", 5, "--output", tmp_path / "r.run")
    assert done.returncode == 0, done.stderr
    answers = [line.split()[2] for line in (tmp_path / "r.run").read_text().splitlines()]
    assert len(set(answers)) == 5
    assert chosen not in answers


def test_the_tables_are_as_they_were(shop, first_run, tmp_path):
    # The sample is the same, byte for byte, each time it is generated.
    done = emporium("sample", tmp_path / "again", *SAMPLE)
    assert done.returncode == 0, done.stderr
    assert _contents(tmp_path / "again") == _contents(shop)


def _kill_when(shop: pathlib.Path, out: pathlib.Path, said: str, *more: str) -> None:
    """Runs the pipeline until it says something, then kills it."""
    with started("run", shop, "--out", out, *SETTINGS, *more) as running:
        text = ""
        while said not in text:
            piece = running.stdout.read(1)
            assert piece, f"the run ended before it said {said!r}: {text}"
            text += piece


def test_a_run_killed_in_training_and_in_indexing_is_completed_by_the_next(shop, first_run):
    out, _ = first_run
    tables, served = _contents(shop), _contents(out / "serving")
    change = ("--set", "seed=2")
    _kill_when(shop, out, "text: step", *change)
    _kill_when(shop, out, "] IndexBuilder", *change)
    assert _contents(shop) == tables
    assert _contents(out / "serving") == served
    done = run_shop(shop, out, *change)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "] Trainer " in line]
    assert [line.endswith("unchanged") for line in lines] == [True]
    assert {name: data for name, data in _contents(out / "serving").items()
            if name in served} == served
