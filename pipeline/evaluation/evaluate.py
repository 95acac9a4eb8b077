"""Evaluates a serving SavedModel beside its baselines and the live model, and decides on it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.config import Config
from pipeline.evaluation.baselines import bm25_rankings, popularity_rankings
from pipeline.evaluation.blessing import Decision, decide
from pipeline.evaluation.data import Catalogue, Context
from pipeline.evaluation.examples import ExampleQuery, example_queries
from pipeline.evaluation.metrics import (
    Floats,
    Ints,
    Relevance,
    first_relevant_ranks,
    per_context_metrics,
    recall_curve,
)
from pipeline.evaluation.provenance import Code, data_hash, describe_code
from pipeline.evaluation.results import (
    BM25,
    CANDIDATE,
    GATE_METRIC,
    KINDS,
    LIVE,
    POPULARITY,
    SliceResult,
    measure_slices,
)
from pipeline.evaluation.servable import Servable
from pipeline.evaluation.slices import slice_members
from pipeline.examples.records import CATALOGUE, TUNES
from pipeline.versions import live_version, read_description

DEPTH = 100  # Ranks that are looked at; a person does not look further.
_EXAMPLES = 6


@dataclasses.dataclass(frozen=True)
class Facts:
    """What was evaluated on what.

    Attributes:
        contexts: number of evaluated contexts.
        unanswerable: contexts left out, as no product of the catalogue is relevant to them.
        catalogue: number of products.
        data_hash: SHA-256 of the contexts and the catalogue.
        config: of the run that made the candidate.
        code: commit and package versions.
        live_version: version of the live model, None without one.
    """

    contexts: int
    unanswerable: int
    catalogue: int
    data_hash: str
    config: Config
    code: Code
    live_version: int | None


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """All that an evaluation found.

    Attributes:
        decision: whether the candidate is blessed.
        slices: results by slice, `all` first; empty without contexts.
        recall_curves: kind of context -> system -> mean recall@k for k = 1 .. DEPTH.
        first_ranks: kind of context -> system -> rank of the first relevant product, 0 for none.
        fusion: kind of context -> what the candidate's arms weigh and are worth, as
            `pipeline.indexing.weighing.KindReport` has it; empty where a version does not say.
        examples: queries with the candidate's results.
        facts: what was evaluated on what.
    """

    decision: Decision
    slices: Mapping[str, SliceResult]
    recall_curves: Mapping[str, Mapping[str, Floats]]
    first_ranks: Mapping[str, Mapping[str, Ints]]
    fusion: Mapping[str, Mapping[str, Any]]
    examples: tuple[ExampleQuery, ...]
    facts: Facts


def evaluate(
    *, model_dir: str, live_dir: str, contexts: Sequence[Context], catalogue: Catalogue,
    popularity: Mapping[str, int], config: Config,
) -> Evaluation:
    """Ranks the whole catalogue for every context with every system, measures and decides.

    Args:
        model_dir: folder of the candidate's SavedModel.
        live_dir: folder of served versions, the newest of which is live; need not exist.
        contexts: validation contexts with their relevant products; those that tune are left out.
        catalogue: the products.
        popularity: how often each product was wanted in training.
        config: of the run; the gate and the seed decide here, all of it is put on record.
    """
    judging = [context for context in contexts if context.role != TUNES]
    judged = [context for context in judging if _answerable(context, catalogue)]
    version = live_version(live_dir)
    rankings, live_problem = _rank_all(model_dir, live_dir, version, judged, catalogue, popularity)
    relevance = Relevance.of([_numbered(context, catalogue) for context in judged])
    members = slice_members(judged, popularity) if judged else {}
    slices = measure_slices(
        rankings, relevance, members, len(catalogue), config.gate.bootstrap_samples,
        config.seed)
    scores = per_context_metrics(rankings[CANDIDATE], relevance)[GATE_METRIC]
    curves, first_ranks = _by_kind(rankings, judged, catalogue)
    return Evaluation(
        decision=decide(
            slices, config.gate, live_problem, sum(c.source == CATALOGUE for c in judged)),
        slices=slices,
        recall_curves=curves,
        first_ranks=first_ranks,
        fusion=read_description(model_dir).get("fusion", {}),
        examples=example_queries(judged, rankings[CANDIDATE], scores, catalogue, _EXAMPLES),
        facts=Facts(
            contexts=len(judged), unanswerable=len(judging) - len(judged),
            catalogue=len(catalogue), data_hash=data_hash(contexts, catalogue),
            config=config, code=describe_code(), live_version=version))


def _by_kind(
    rankings: Mapping[str, Ints], contexts: Sequence[Context], catalogue: Catalogue
) -> tuple[dict[str, dict[str, Floats]], dict[str, dict[str, Ints]]]:
    """Recall curves and ranks of the first relevant product, by kind and system."""
    curves, ranks = {}, {}
    for kind in KINDS:
        rows = np.array([row for row, c in enumerate(contexts) if c.kind == kind], np.int64)
        if rows.size:
            relevance = Relevance.of([_numbered(contexts[row], catalogue) for row in rows])
            curves[kind] = {s: recall_curve(r[rows], relevance) for s, r in rankings.items()}
            ranks[kind] = {s: first_relevant_ranks(r[rows], relevance) for s, r in rankings.items()}
    return curves, ranks


def _rank_all(
    model_dir: str, live_dir: str, version: int | None, contexts: Sequence[Context],
    catalogue: Catalogue, popularity: Mapping[str, int],
) -> tuple[dict[str, Ints], str | None]:
    """Rankings of each system, and why the live model has none though there is one."""
    rankings = {
        CANDIDATE: Servable(model_dir).rankings(contexts, catalogue, DEPTH, "candidate"),
        POPULARITY: popularity_rankings(contexts, catalogue, popularity, DEPTH),
        BM25: bm25_rankings(contexts, catalogue, DEPTH),
    }
    if version is None:
        return rankings, None
    path = os.path.join(live_dir, str(version))
    try:
        rankings[LIVE] = Servable(path).rankings(contexts, catalogue, DEPTH, "live model")
    except Exception as error:  # noqa: BLE001  A version may fail in any way; the gate decides.
        reason = " ".join(str(error).split())[:300]
        return rankings, f"version {path}: {type(error).__name__}: {reason}"
    return rankings, None


def _answerable(context: Context, catalogue: Catalogue) -> bool:
    return any(
        gain > 0 and product in catalogue.number_of for product, gain in context.relevant.items())


def _numbered(context: Context, catalogue: Catalogue) -> dict[int, float]:
    return {
        catalogue.number_of[product]: gain
        for product, gain in context.relevant.items() if product in catalogue.number_of
    }
