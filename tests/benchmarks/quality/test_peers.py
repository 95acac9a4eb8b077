import numpy as np
import pytest

from benchmarks.quality.peers import collaborative, lexical
from benchmarks.quality.peers.dense import dense
from benchmarks.quality.peers.rankings import NOTHING, fuse, rank, recency_weights, run_lines
from benchmarks.quality.peers.registry import PEERS
from benchmarks.quality.tasks import NAMES
from tests.benchmarks.quality.toy import shop

# a has P0 and P1, b has P0 and P1, c has P0 and P2, all counted once a user.
EVENTS = [("a", 0), ("a", 1), ("b", 1), ("b", 0), ("b", 0), ("c", 0), ("c", 2)]


def test_rankings_leave_out_the_history_and_what_is_no_answer(tmp_path):
    task = shop(tmp_path, histories=[[1], [0, 2]])
    scores = np.array([[1.0, 9.0, 1.0, -np.inf], [5.0, 2.0, 4.0, 3.0]])
    ranked = rank(task, lambda rows: scores[rows.start:rows.stop], depth=3)
    assert ranked.tolist() == [[0, 2, NOTHING], [3, 1, NOTHING]]
    assert scores[0, 1] == 9.0  # What the peer gave is not written into.


def test_fusion_sums_reciprocal_ranks():
    first = np.array([[7, 8, NOTHING]])
    second = np.array([[8, 9, 7]])
    # 7: .6/21 + .4/23 = .04596; 8: .6/22 + .4/21 = .04632; 9: .4/22 = .01818.
    assert fuse(first, second, 0.6).tolist() == [[8, 7, 9]]
    # 7: .9/21 + .1/23 = .04721; 8: .9/22 + .1/21 = .04567.
    assert fuse(first, second, 0.9).tolist() == [[7, 8, 9]]


def test_the_newest_event_weighs_most():
    assert recency_weights(3, 0.5).tolist() == [0.25, 0.5, 1.0]


def test_a_run_repeats_the_order(tmp_path):
    task = shop(tmp_path, histories=[[], []])
    assert run_lines(task, np.array([[2, 0], [1, NOTHING]]), "x") == [
        "t0 Q0 P2 1 1 x\n", "t0 Q0 P0 2 0 x\n", "t1 Q0 P1 1 1 x\n"]


def test_popularity_counts_users(tmp_path):
    task = shop(tmp_path, events=EVENTS, histories=[[]])
    assert collaborative.popularity(task)(range(1)).tolist() == [[3.0, 2.0, 1.0, -np.inf]]


def test_neighbours_are_shrunk_cosines(tmp_path):
    task = shop(tmp_path, events=EVENTS, histories=[[0], [2, 1]])
    # P0 and P1 share a and b: 2 / (sqrt(3 * 2) + 10). P0 and P2 share c: 1 / (sqrt(3) + 10).
    near, far = 2 / (6**0.5 + 10), 1 / (3**0.5 + 10)
    none = -np.inf
    np.testing.assert_allclose(
        collaborative.item_knn(task, decay=0.5)(range(2)),
        [[none, near, far, none], [near + 0.5 * far, none, none, none]])


def test_ease_solves_its_least_squares(tmp_path):
    task = shop(tmp_path, events=EVENTS, histories=[[0]])
    [scores] = collaborative.ease(task, 1.0)(range(1))
    # The column of P1 without itself: (G + 1) w = g over P0, P2 with G = [[3, 1], [1, 1]] and
    # g = (2, 0): [[4, 1], [1, 2]] w = (2, 0), so w = (4/7, -2/7).
    assert scores[1] == pytest.approx(4 / 7)
    # Of P2, over P0 and P1: [[4, 2], [2, 3]] w = (1, 0), so w = (3/8, -1/4).
    assert scores[2] == pytest.approx(3 / 8)
    assert scores[[0, 3]].tolist() == [0.0, 0.0]


def test_bm25_finds_stems_and_nothing_without_a_shared_word(tmp_path):
    task = shop(tmp_path, queries=["the lamp", "of the"])
    first, second = lexical.bm25(task, ["title"])(range(2))
    assert (first > 0).tolist() == [True, False, False, True]
    assert np.isneginf(second).all()


def test_a_history_is_the_mean_of_its_vectors_newest_first(tmp_path):
    task = shop(tmp_path, histories=[[0, 1]])
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.0, -1.0]])
    [scores] = dense(task, vectors, np.zeros((0, 2)))(range(1))
    np.testing.assert_allclose(scores, [0.7, 1.0, 0.7 * 0.6 + 0.8, -1.0])


def test_peers_have_names_of_their_own_and_tasks_that_exist():
    assert len({peer.name for peer in PEERS}) == len({peer.label for peer in PEERS}) == len(PEERS)
    assert {task for peer in PEERS for task in peer.tasks} == set(NAMES)
