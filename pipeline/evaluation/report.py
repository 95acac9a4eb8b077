"""Writes what an evaluation found: metrics.json, report.html and TensorBoard scalars."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
from typing import Any

import jinja2
import tensorflow as tf

from pipeline.evaluation import plots, templates
from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.metrics import COVERAGE, PER_CONTEXT_METRICS
from pipeline.evaluation.results import CANDIDATE, SliceResult
from pipeline.evaluation.slice_names import ALL
from pipeline.indexing.fusion import MIN_CONTEXTS

_METRIC_LABELS = {
    "ndcg@10": "nDCG@10", "recall@10": "recall@10", "recall@50": "recall@50", "mrr@10": "MRR@10"}
_CURVE_POINTS = (1, 2, 5, 10, 20, 50, 100)


def write_reports(evaluation: Evaluation, folder: str) -> None:
    """Writes metrics.json and report.html into a folder (local or a URI)."""
    created = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    tf.io.gfile.makedirs(folder)
    with tf.io.gfile.GFile(os.path.join(folder, "metrics.json"), "w") as file:
        file.write(json.dumps(metrics_json(evaluation, created), indent=1))
    with tf.io.gfile.GFile(os.path.join(folder, "report.html"), "w") as file:
        file.write(render_report(evaluation, created))


def metrics_json(evaluation: Evaluation, created: str) -> dict[str, Any]:
    """Everything measured, as JSON values; aggregates only, nothing of a single shopper."""
    facts = evaluation.facts
    return {
        "decision": {
            "blessed": evaluation.decision.blessed,
            "reasons": list(evaluation.decision.reasons),
            "notes": list(evaluation.decision.notes),
            "checks": [dataclasses.asdict(check) for check in evaluation.decision.checks],
        },
        "created": created,
        "seed": facts.config.seed,
        "code": dataclasses.asdict(facts.code),
        "data": {
            "sha256": facts.data_hash, "contexts": facts.contexts,
            "contexts_left_out": facts.unanswerable, "products": facts.catalogue,
        },
        "configuration": facts.config.model_dump(mode="json"),
        "live_version": facts.live_version,
        "slices": {name: _slice_json(result) for name, result in evaluation.slices.items()},
        "recall_curves": {
            kind: {
                system: {str(k): float(curve[k - 1]) for k in _CURVE_POINTS if k <= len(curve)}
                for system, curve in curves.items()
            }
            for kind, curves in evaluation.recall_curves.items()
        },
        "fusion": evaluation.fusion,
    }


def render_report(evaluation: Evaluation, created: str) -> str:
    """The page that a person reads: one HTML text that fetches nothing."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(templates.__name__, ""),
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["signed"] = lambda value: f"{value:+.4f}"
    slices = evaluation.slices
    figures = {
        "slices": plots.slices_plot(slices),
        "recall": plots.recall_plot(evaluation.recall_curves),
        "first_rank": plots.first_rank_plot(evaluation.first_ranks),
    } if slices else {}
    kinds = [name for name in slices if name.startswith("kind:")]
    # With one kind only, `all` would be the same table again.
    headline = kinds if len(kinds) == 1 else [name for name in (ALL, *kinds) if name in slices]
    return environment.get_template("report.html.jinja").render(
        evaluation=evaluation, facts=evaluation.facts, decision=evaluation.decision,
        min_contexts=MIN_CONTEXTS, created=created, figures=figures, metrics=_METRIC_LABELS,
        labels=plots.LABELS, colours=plots.COLOURS,
        headline={_title(name): slices[name] for name in headline},
        systems=[s for s in plots.COLOURS if slices and s in slices[ALL].metrics])


def write_tensorboard(evaluation: Evaluation, tensorboard_dir: str) -> None:
    """Writes every value as a scalar, a run a system, a step an evaluation of this folder."""
    if not evaluation.slices:
        return
    folder = os.path.join(tensorboard_dir, "evaluation")
    # The candidate alone is in every evaluation: there is not always a live model beside it.
    step = len(tf.io.gfile.glob(os.path.join(folder, CANDIDATE, "*tfevents*")))
    for system in evaluation.slices[ALL].metrics:
        writer = tf.summary.create_file_writer(os.path.join(folder, system))
        with writer.as_default(step=step):
            for name, result in evaluation.slices.items():
                for metric in PER_CONTEXT_METRICS:
                    tf.summary.scalar(f"{name}/{metric}", result.metrics[system][metric].value)
                tf.summary.scalar(f"{name}/{COVERAGE}", result.coverage[system])


def _slice_json(result: SliceResult) -> dict[str, Any]:
    return {
        "contexts": result.contexts,
        "metrics": {
            system: {
                **{name: dataclasses.asdict(value) for name, value in metrics.items()},
                COVERAGE: {"value": result.coverage[system]},
            }
            for system, metrics in result.metrics.items()
        },
        "candidate_minus": {
            system: {name: dataclasses.asdict(value) for name, value in metrics.items()}
            for system, metrics in result.differences.items()
        },
    }


def _title(name: str) -> str:
    return "all contexts" if name == ALL else name.removeprefix("kind:") + " contexts"
