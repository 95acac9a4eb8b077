"""The peers by name: what each is called, what it is measured on, how it ranks."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np

from benchmarks.quality.peers import collaborative, lexical
from benchmarks.quality.peers.dense import dense
from benchmarks.quality.peers.rankings import Ints, fuse, rank
from benchmarks.quality.tasks import TEXTS, Task

SEARCH = ("homedepot", "chorus")
RECOMMENDATION = ("scientific", "scientific_cold", "scientific_new_users", "online_retail")

_TITLE = ("title",)


@dataclasses.dataclass(frozen=True)
class Peer:
    """A way to rank.

    Attributes:
        name: in the names of result files.
        label: in tables.
        tasks: names of the tasks that it is measured on.
        rank: rankings of a task's topics `[topics, depth]`; the folder keeps vectors of texts.
        tuned: whether it needs the vectors of sentence-transformers.
    """

    name: str
    label: str
    tasks: tuple[str, ...]
    rank: Callable[[Task, pathlib.Path], Ints]
    tuned: bool = False


def tuned_folder(work: pathlib.Path) -> pathlib.Path:
    """Where the vectors of sentence-transformers are."""
    return work / "tuned"


def _bm25(task: Task, _: pathlib.Path) -> Ints:
    return rank(task, lexical.bm25(task, TEXTS))


def _minilm(task: Task, work: pathlib.Path) -> Ints:
    from benchmarks.quality.peers.encoder import encode_task  # TensorFlow takes its time.

    return rank(task, dense(task, *encode_task(task, work / f"minilm-{_catalogue(task)}.npz")))


def _catalogue(task: Task) -> str:
    # The three tasks made of one catalogue have it encoded once.
    return "scientific" if task.name.startswith("scientific") else task.name


def _tuned(task: Task, work: pathlib.Path) -> Ints:
    with np.load(tuned_folder(work) / f"{task.name}.npz") as vectors:
        return rank(task, dense(task, vectors["products"], vectors["queries"]))


def _ease(penalty: float) -> Callable[[Task, pathlib.Path], Ints]:
    return lambda task, _: rank(task, collaborative.ease(task, penalty))


def _knn_recency(task: Task, _: pathlib.Path) -> Ints:
    return rank(task, collaborative.item_knn(task, decay=collaborative.DECAY))


PEERS = (
    Peer("bm25-title", "BM25, title", SEARCH,
         lambda task, _: rank(task, lexical.bm25(task, _TITLE))),
    Peer("bm25", "BM25, title to description", ("chorus",), _bm25),
    Peer("popularity", "Popularity", RECOMMENDATION,
         lambda task, _: rank(task, collaborative.popularity(task))),
    Peer("item-knn", "item-kNN", RECOMMENDATION,
         lambda task, _: rank(task, collaborative.item_knn(task))),
    Peer("item-knn-recency", "item-kNN, recency", RECOMMENDATION, _knn_recency),
    Peer("ease-50", "EASE (50)", RECOMMENDATION, _ease(50)),
    Peer("ease-200", "EASE (200)", RECOMMENDATION, _ease(200)),
    Peer("ease-500", "EASE (500)", RECOMMENDATION, _ease(500)),
    Peer("minilm", "MiniLM", SEARCH + RECOMMENDATION, _minilm),
    Peer("bm25-minilm", "BM25 + MiniLM (.65)", SEARCH,
         lambda task, work: fuse(_bm25(task, work), _minilm(task, work), 0.65)),
    Peer("minilm-tuned", "MiniLM tuned", SEARCH, _tuned, tuned=True),
    Peer("bm25-minilm-tuned", "BM25 + MiniLM tuned (.5)", SEARCH,
         lambda task, work: fuse(_bm25(task, work), _tuned(task, work), 0.5), tuned=True),
    Peer("knn-minilm", "kNN + MiniLM (.5)", RECOMMENDATION,
         lambda task, work: fuse(_knn_recency(task, work), _minilm(task, work), 0.5)),
)
