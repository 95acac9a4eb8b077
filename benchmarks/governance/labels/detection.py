"""How well wrong grades are told, beside what cleanlab says of the same features."""

from __future__ import annotations

import pathlib
import pickle
from collections.abc import Sequence

import apache_beam as beam
import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.governance.labels.shops import Row
from pipeline.governance.labels.features import Floats, Judged
from pipeline.governance.labels.joining import GatherJudged
from pipeline.governance.labels.sampling import Described, concatenate
from pipeline.governance.labels.suspects import FOLDS, TREES
from pipeline.governance.labels.transforms import describe_part
from pipeline.governance.labels.words import Frequencies
from pipeline.governance.text_vectors import TextVectors
from pipeline.governance.threads import one_thread
from pipeline.ingest.rows import encode_row

PRESET = "minilm"


class KeptVectors:
    """Vectors of texts, kept in a file from one run to the next.

    Args:
        path: of the file.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._known: dict[str, np.ndarray] = {}
        if path.exists():
            with path.open("rb") as file:
                self._known = pickle.load(file)

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Vectors float32 `[texts, dim]`."""
        self.prepare(texts)
        return np.stack([self._known[text] for text in texts]).astype(np.float32)

    def prepare(self, texts: Sequence[str]) -> None:
        """Encodes and keeps the texts that are new."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        if not missing:
            return
        vectors = TextVectors(PRESET)(missing).astype(np.float16)
        self._known.update(zip(missing, vectors, strict=True))
        with self._path.open("wb") as file:
            pickle.dump(self._known, file)


def describe_rows(
    products: Sequence[Row], rows: Sequence[Row], vectors: KeptVectors, work: pathlib.Path,
) -> Described:
    """Judgements as the detector reads them, in the order of `rows`."""
    parts = _gather(products, rows, work)
    titles = {product.title for part in parts for product in part.product}
    vectors.prepare([*sorted(titles), *sorted({q for part in parts for q in part.query})])
    frequencies = Frequencies.of(titles)
    described = concatenate([describe_part(part, frequencies, vectors) for part in parts])
    return described.take(np.argsort(described.position))


def _gather(
    products: Sequence[Row], rows: Sequence[Row], work: pathlib.Path,
) -> list[Judged]:
    path = str(work / "judged.pickle")
    with beam.Pipeline() as pipeline:
        tables = {
            "products": pipeline | "Products" >> beam.Create(map(encode_row, products)),
            "judgments": pipeline | "Judgments" >> beam.Create(
                encode_row({**row, "grade": float(row["grade"]), "position": place})
                for place, row in enumerate(rows))}
        _ = tables | GatherJudged() | beam.combiners.ToList() | beam.Map(_keep, path)
    with open(path, "rb") as file:
        return sorted(pickle.load(file), key=lambda part: part.query[0])


def _keep(parts: list[Judged], path: str) -> None:
    with open(path, "wb") as file:
        pickle.dump(parts, file)


def cleanlab_scores(described: Described) -> np.ndarray:
    """How little a classifier of the grade believes in each, by cleanlab's self-confidence.

    The classifier has the same features, folds and trees as the detector.
    """
    common, count = np.unique(described.grade, return_counts=True)
    common = common[count >= len(described.grade) / 1000]
    label = np.abs(described.grade[:, None] - common).argmin(axis=1)
    fold = described.fold()
    probability = np.zeros((len(label), len(common)))
    with one_thread():
        for part in range(FOLDS):
            model = HistGradientBoostingClassifier(random_state=0, **TREES)
            model.fit(described.features[fold != part], label[fold != part])
            probability[fold == part] = model.predict_proba(described.features[fold == part])
    return 1.0 - get_label_quality_scores(label, probability)


def describe_detection(name: str, score: np.ndarray, wrong: np.ndarray) -> str:
    """A line: how well a score tells wrong grades from others."""
    return (
        f"{name:<28} AUC {roc_auc_score(wrong, score):.3f}  "
        f"average precision {average_precision_score(wrong, score):.3f}")


def describe_threshold(score: np.ndarray, wrong: np.ndarray, threshold: float) -> str:
    """A line: what a threshold finds."""
    found = score >= threshold
    hits = int((found & wrong).sum())
    return (
        f"  probability >= {threshold:.1f}: {int(found.sum()):>6,} set aside, precision "
        f"{hits / max(1, found.sum()):.3f}, recall {hits / max(1, wrong.sum()):.3f}, "
        f"mean probability {score[found].mean() if found.any() else 0:.3f}")
