"""A shop in Chinese: the same chain, and every arm that search has must be worth something."""

import json

import pytest

from tests.e2e.conftest import SETTINGS, emporium

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chinese")
    done = emporium(
        "sample", folder / "shop", "--language", "zh", "--products", 400, "--users", 150,
        "--events", 6000)
    assert done.returncode == 0, done.stderr
    done = emporium(
        "run", folder / "shop", "--out", folder / "out", *SETTINGS, "--preset", "tiny_zh")
    assert done.returncode == 0, done.stdout + done.stderr
    [path] = (folder / "out" / "reports").glob("*/metrics.json")
    return json.loads(path.read_text(encoding="utf-8"))


def test_dense_lexical_and_fused_each_beat_popularity(metrics):
    worth = metrics["fusion"]["query"]["ndcg"]
    popularity = metrics["slices"]["kind:search"]["metrics"]["popularity"]["ndcg@10"]["high"]
    for name in ("dense", "lexical", "fused"):
        assert worth[name] > popularity, name


def test_shoppers_histories_are_answered_better_than_by_popularity(metrics):
    found = metrics["slices"]["kind:recommend"]["metrics"]
    assert found["candidate"]["ndcg@10"]["value"] > found["popularity"]["ndcg@10"]["value"]
