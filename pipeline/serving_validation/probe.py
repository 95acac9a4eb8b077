"""Loads a SavedModel as a server would and asks it questions; run as a script, with -I.

This module imports TensorFlow, tensorflow-text, ScaNN where the SavedModel holds its ops, and
nothing of the project, so that a version which needs the code that made it is found out.

Usage: python -I probe.py MODEL_DIR CASES RESULT

CASES is the JSON file of `runner.validate_servable`; RESULT receives {"failures": [...],
"answered": {signature: cases}, "load_seconds": seconds}.
"""

from __future__ import annotations

import collections
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  Registers the tokenizer's ops.

EMBEDDING_SIGNATURES = ("embed_query", "embed_product")

_UNIT_TOLERANCE = 1e-2  # bfloat16 keeps eight bits.
_ORDER_TOLERANCE = 1e-6  # Equal scores may differ in their last bit.


def load_servable(path: str) -> Any:
    """Loads a SavedModel with `tf.saved_model.load`, and ScaNN's ops first if it holds any."""
    with tf.io.gfile.GFile(os.path.join(path, "saved_model.pb"), "rb") as file:
        needs_scann = b"Scann>" in file.read()
    if needs_scann:
        try:
            import scann  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"SavedModel {path} holds a ScaNN index, and scann cannot be imported ({error}): "
                "install the scann built for this TensorFlow (1.3.2 for TensorFlow 2.16)"
            ) from error
    return tf.saved_model.load(path)


def padded(rows: Sequence[Sequence[str | float]], spec: tf.TensorSpec) -> tf.Tensor:
    """Makes a tensor `[batch, width]` of strings, padded with "" at the end, or numbers, with -1.

    The width is the one that the signature fixes, or else that of the longest row. Where it is
    fixed the last values of a row, which are the newest, are kept.
    """
    width = spec.shape[1] or max(map(len, rows), default=0)
    kept = [row[max(0, len(row) - width):] for row in rows]
    blank = b"" if spec.dtype == tf.string else -1
    cells = [[*map(_encode, row), *[blank] * (width - len(row))] for row in kept]
    return tf.constant(cells, spec.dtype, shape=(len(rows), width))


def ask(servable: Any, case: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Calls the signature of a case with its inputs."""
    signature = servable.signatures[case["signature"]]
    specs = signature.structured_input_signature[1]
    inputs = {}
    for name, values in case["inputs"].items():
        if specs[name].shape.rank == 2:
            inputs[name] = padded(values, specs[name])
        else:
            inputs[name] = tf.constant([_encode(value) for value in values], tf.string)
    return {name: tensor.numpy() for name, tensor in signature(**inputs).items()}


def ranking_failures(
    case: Mapping[str, Any], outputs: Mapping[str, np.ndarray], known: frozenset[str] | None
) -> Iterator[str]:
    """Says what is wrong with the answer of a ranking signature.

    Args:
        case: `inputs`, and `answers`: whether every row has to hold a result.
        outputs: `product_id` `[batch, K]` and `score` `[batch, K]`, best first, "" at the end.
        known: the catalogue's ids; None leaves ids unchecked.
    """
    batch = len(next(iter(case["inputs"].values())))
    shapes = {name: outputs[name].shape if name in outputs else None
              for name in ("product_id", "score")}
    shape = shapes["product_id"]
    if shape is None or shape != shapes["score"] or len(shape) != 2 or shape[0] != batch:
        yield f"expected product_id and score of shape [{batch}, K], received {shapes}"
        return
    excluded = case["inputs"].get("exclude", [[]] * batch)
    for row in range(batch):
        ids = [product.decode("utf-8", "replace") for product in outputs["product_id"][row]]
        results = ids.index("") if "" in ids else len(ids)
        scores = outputs["score"][row, :results]
        if any(ids[results:]):
            yield f'row {row}: expected "" only after the last result, found one at {results}'
        if case["answers"] and results == 0:
            yield f"row {row}: expected a result, what is popular at the least, received none"
        if not np.isfinite(scores).all():
            yield f"row {row}: expected finite scores, received {scores.tolist()[:5]}"
        elif (np.diff(scores) > _ORDER_TOLERANCE).any():
            yield f"row {row}: expected descending scores, received {scores.tolist()[:5]}"
        if len(set(ids[:results])) < results:
            yield f"row {row}: a product was returned twice"
        if known is not None and not known.issuperset(ids[:results]):
            strange = next(product for product in ids[:results] if product not in known)
            yield f"row {row}: product {strange!r} is not in the catalogue"
        if set(excluded[row]) & set(ids[:results]):
            yield f"row {row}: a product was returned that the request excludes"


def embedding_failures(
    case: Mapping[str, Any], outputs: Mapping[str, np.ndarray]
) -> Iterator[str]:
    """Says what is wrong with the answer `embedding` `[batch, dimensions]`."""
    batch = len(next(iter(case["inputs"].values())))
    vectors = outputs.get("embedding")
    if vectors is None or vectors.ndim != 2 or len(vectors) != batch:
        yield (f"expected embedding of shape [{batch}, dimensions], received "
               f"{ {name: value.shape for name, value in outputs.items()} }")
        return
    vectors = vectors.astype(np.float64)
    if not np.isfinite(vectors).all():
        yield "expected finite embeddings, received NaN or infinity"
    elif case["answers"]:
        lengths = np.linalg.norm(vectors, axis=1)
        if (np.abs(lengths - 1) > _UNIT_TOLERANCE).any():
            yield f"expected embeddings of length 1, received {lengths.tolist()[:5]}"


def _check(servable: Any, case: Mapping[str, Any], known: frozenset[str] | None) -> list[str]:
    try:
        outputs = ask(servable, case)
    except Exception as error:  # noqa: BLE001  Whatever a request raises is what is looked for.
        return [f"raised {type(error).__name__}: {' '.join(str(error).split())[:300]}"]
    if case["signature"] in EMBEDDING_SIGNATURES:
        return list(embedding_failures(case, outputs))
    return list(ranking_failures(case, outputs, known))


def _encode(value: str | float) -> bytes | float:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def _main(model_dir: str, cases_path: str, result_path: str) -> None:
    with open(cases_path, encoding="utf-8") as file:
        plan = json.load(file)
    known = frozenset(plan["known"]) if plan["known"] is not None else None
    failures: list[str] = []
    answered: collections.Counter[str] = collections.Counter()
    start = time.monotonic()
    servable = load_servable(model_dir)
    load_seconds = time.monotonic() - start
    present = set(servable.signatures)
    needed = dict.fromkeys(case["signature"] for case in plan["cases"])
    failures += [
        f"signature {name}: missing; the SavedModel has {sorted(present)}"
        for name in needed if name not in present
    ]
    for case in plan["cases"]:
        if case["signature"] in present:
            found = _check(servable, case, known)
            failures += [f"{case['signature']}, {case['name']}: {what}" for what in found]
            answered[case["signature"]] += 1
    result = {"failures": failures, "answered": answered, "load_seconds": load_seconds}
    with open(result_path, "w", encoding="utf-8") as file:
        json.dump(result, file)


if __name__ == "__main__":
    _main(*sys.argv[1:])
