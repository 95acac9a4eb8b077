import textwrap

import pytest

from benchmarks.quality import __main__ as front
from benchmarks.quality import ablation, job
from benchmarks.quality.emporium import Run, RunError
from benchmarks.quality.results import load_results, load_topics
from benchmarks.quality.scoring import score_run

# Answers a topic right where its first product is P<number of the topic>.
SCORE = textwrap.dedent("""
    import json, pathlib, sys
    task, run = map(pathlib.Path, sys.argv[1:3])
    first = {}
    for line in run.read_text().splitlines():
        first.setdefault(line.split()[0], line.split()[2])
    right = json.loads((task / "holdout" / "answers.json").read_text())
    def row(ids):
        value = sum(first.get(i) == right[i] for i in ids) / len(ids)
        return {"nDCG@10": value, "recall@50": 0.0, "n": len(ids)}
    slices = json.loads((task / "holdout" / "slices.json").read_text())
    slices = {n: [i for i in ids if i in right] for n, ids in slices.items()}
    print(json.dumps({str(run): {"slices": {n: row(ids) for n, ids in slices.items() if ids}}}))
""")
TASKS = textwrap.dedent("""
    import json, pathlib, sys
    for name in sys.argv[2:]:
        holdout = pathlib.Path(sys.argv[1], name, "holdout")
        holdout.mkdir(parents=True)
        (holdout / "queries.tsv").write_text("q2\\tdesk\\nq1\\tlamp\\nq3\\tsofa\\n")
        (holdout / "answers.json").write_text('{"q1": "P1", "q2": "P2"}')
        (holdout.parent / "products.jsonl").write_text(
            '{"product_id": "P1", "title": "lamp"}\\n{"product_id": "P2", "title": "lamps"}\\n')
        (holdout / "slices.json").write_text(json.dumps(
            {"all": ["q2", "q1", "q3"], "second": ["q2"], "nobody": ["q3"]}))
""")


@pytest.fixture
def bench(tmp_path):
    folder = tmp_path / "bench"
    folder.mkdir()
    (folder / "score.py").write_text(SCORE)
    (folder / "tasks.py").write_text(TASKS)
    return folder


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """Runs of Emporium that were asked for; it answers P1 to everything."""
    asked = []

    def run(task, out, options):
        asked.append((task.name, out.name, options))
        answers = tmp_path / "answers.run"
        answers.write_text("q1 Q0 P1 1 1 x\nq2 Q0 P1 1 1 x\n")
        return Run(0, 12.5, False, 3.25, answers)

    monkeypatch.setattr(job, "run_emporium", run)
    return asked


@pytest.fixture
def pages(monkeypatch):
    written = []
    monkeypatch.setattr(front, "write_pages", written.append)
    return written


def _call(bench, tmp_path, *arguments):
    return front.main([
        *arguments, "--bench", str(bench), "--work", str(tmp_path / "work"),
        "--results", str(tmp_path / "results")])


def test_topics_are_told_apart_in_the_order_of_their_ids(bench, tmp_path):
    job.make_tasks(bench, tmp_path, ["chorus"])
    run = tmp_path / "a.run"
    run.write_text("q2 Q0 P2 1 1 x\nq1 Q0 P2 1 1 x\n")
    scores = score_run(bench, tmp_path / "chorus", run)
    assert scores.slices == {
        "all": {"nDCG@10": 0.5, "recall@50": 0.0, "n": 2},
        "second": {"nDCG@10": 1.0, "recall@50": 0.0, "n": 1}}
    assert {m: v.tolist() for m, v in scores.values.items()} == {"nDCG@10": [0.0, 1.0]}
    # q3 has no answer, so no score.
    assert {n: v.tolist() for n, v in scores.topics.slices.items()} == {
        "all": [True, True], "second": [False, True], "nobody": [False, False]}


def test_each_seed_is_run_once_and_kept(bench, tmp_path, runs, pages):
    assert _call(bench, tmp_path, "emporium", "homedepot", "chorus") == 0
    expected = [("homedepot", f"homedepot-emporium-{n}", ["--set", f"seed={n}"]) for n in (1, 2, 3)]
    assert runs == [*expected, ("chorus", "chorus-emporium-1", ["--set", "seed=1"])]
    [kept, *_] = results = load_results(tmp_path / "results")
    assert [(r.task, r.seed) for r in results] == [
        ("chorus", 1), ("homedepot", 1), ("homedepot", 2), ("homedepot", 3)]
    assert (kept.options, kept.minutes, kept.peak_gb, kept.status) == (
        ["--set", "seed=1"], 12.5, 3.25, 0)
    assert kept.slices["all"]["nDCG@10"] == 0.5
    assert kept.topics["nDCG@10"].tolist() == [1.0, 0.0]
    assert load_topics("chorus", tmp_path / "results").slices["second"].tolist() == [False, True]
    runs.clear()
    assert _call(bench, tmp_path, "emporium", "homedepot", "chorus") == 0
    assert runs == []
    assert pages == [tmp_path / "results"] * 2


def test_a_failed_run_is_no_result(bench, tmp_path, runs, pages, monkeypatch, capsys):
    def fail(task, out, options):
        raise RunError(f"emporium run on {task.name} ended with status 1")

    monkeypatch.setattr(job, "run_emporium", fail)
    assert _call(bench, tmp_path, "emporium", "chorus") == 1
    assert "error: emporium run on chorus ended with status 1" in capsys.readouterr().err
    assert load_results(tmp_path / "results") == []


def test_a_model_that_was_not_pushed_is_a_result(bench, tmp_path, runs, pages, monkeypatch):
    monkeypatch.setattr(job, "run_emporium", lambda *_: Run(3, 1.0, False, 1.0, None))
    assert _call(bench, tmp_path, "emporium", "chorus") == 0
    [kept] = load_results(tmp_path / "results")
    assert (kept.status, kept.slices, kept.topics) == (3, {}, {})


def test_variations_are_run_beside_the_default(bench, tmp_path, runs, pages):
    assert _call(bench, tmp_path, "ablation", "homedepot", "chorus") == 0
    varied = [v for v in ablation.VARIATIONS if "homedepot" in v.tasks]
    assert runs[0] == ("homedepot", "homedepot-emporium-1", ["--set", "seed=1"])
    assert [out for _, out, _ in runs[1:]] == [
        "homedepot-emporium-1" if v.same_towers else f"homedepot-ablation-{v.name}-1"
        for v in varied]
    assert {v.name for v in varied if v.same_towers} == {
        "dense-only", "lexical", "dense", "popularity"}
    assert runs[1][2] == ["--set", "seed=1", "--set", varied[0].settings[0]]


def test_a_variation_in_the_folder_of_the_default_meets_no_live_version(
        bench, tmp_path, runs, pages):
    live = tmp_path / "work" / "homedepot-emporium-1" / "serving" / "1"
    live.mkdir(parents=True)
    assert _call(bench, tmp_path, "emporium", "homedepot", "--seed", "1") == 0
    assert live.exists()
    assert _call(bench, tmp_path, "ablation", "homedepot") == 0
    assert not live.exists()


def test_peers_answer_the_same_questions(bench, tmp_path, pages, monkeypatch):
    monkeypatch.setattr(job, "PEERS", [p for p in job.PEERS if p.name == "bm25-title"])
    assert _call(bench, tmp_path, "peers", "chorus") == 0
    [kept] = load_results(tmp_path / "results")
    # Both titles are one word, stemmed alike: the first of the two is answered to "lamp".
    assert (kept.system, kept.topics["nDCG@10"].tolist()) == ("bm25-title", [1.0, 0.0])
    assert (kept.peak_gb, kept.options, kept.seed) == (None, [], 1)


def test_without_the_tasks_it_says_so(tmp_path, capsys, pages):
    assert _call(tmp_path / "nowhere", tmp_path) == 0
    assert "tasks are not here: no tasks.py and no score.py" in capsys.readouterr().out
    assert pages == []
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(("arguments", "message"), [
    (("ablation", "homedepot", "--seed", "2"), "--seed is of the default configuration, not of a"),
    (("peers", "--seed", "2"), "--seed is of the default configuration, not of peers"),
    (("ablation", "chorus"), "the ablation is of homedepot and scientific, received chorus"),
])
def test_what_would_do_nothing_is_refused(tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit):
        _call(tmp_path, tmp_path, *arguments)
    assert message in capsys.readouterr().err


def test_unknown_tasks_are_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        _call(tmp_path, tmp_path, "peers", "homdepot")
    assert "unknown tasks: homdepot; there are homedepot, chorus" in capsys.readouterr().err
