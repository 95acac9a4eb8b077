import ast
import pathlib
import sys

import numpy as np
import pytest
import tensorflow as tf

from pipeline.serving_validation import probe

SEARCH = {"inputs": {"query": ["shoe"]}, "answers": True}


def _outputs(ids, scores):
    return {
        "product_id": np.array([[product.encode() for product in ids]], object),
        "score": np.array([scores], np.float32)}


def _failures(ids, scores, known=None, case=SEARCH):
    return list(probe.ranking_failures(case, _outputs(ids, scores), known))


def test_a_correct_ranking_has_no_failures():
    assert _failures(["a", "b", ""], [0.9, 0.2, -np.inf], frozenset("ab")) == []


def test_equal_scores_are_descending():
    assert _failures(["a", "b"], [0.5, 0.5]) == []


@pytest.mark.parametrize(("ids", "scores", "what"), [
    (["a", "b"], [0.1, 0.2], "descending"),
    (["a", "b"], [np.nan, 0.2], "finite"),
    (["a", "b"], [np.inf, 0.2], "finite"),
    (["a", "a"], [0.2, 0.1], "twice"),
    (["a", "", "b"], [0.3, 0.2, 0.1], 'only after the last result'),
    (["", ""], [-np.inf, -np.inf], "expected a result"),
    (["a", "zzz"], [0.2, 0.1], "'zzz' is not in the catalogue"),
])
def test_each_fault_of_a_ranking_is_named(ids, scores, what):
    failures = _failures(ids, scores, frozenset("ab"))
    assert len(failures) == 1
    assert what in failures[0]


def test_an_excluded_product_may_not_return():
    case = {"inputs": {"history": [["b"]], "exclude": [["a", ""]]}, "answers": True}
    assert "excludes" in _failures(["a", "c"], [0.2, 0.1], case=case)[0]
    assert _failures(["c", ""], [0.2, -np.inf], case=case) == []


def test_no_result_is_right_where_none_is_asked_for():
    case = {"inputs": {"product_id": [""]}, "answers": False}
    assert _failures([""], [-np.inf], case=case) == []


def test_shapes_of_a_ranking_are_checked_first():
    case = {"inputs": {"query": ["a", "b"]}, "answers": True}
    assert "shape [2, K]" in _failures(["a"], [0.1], case=case)[0]
    outputs = {"product_id": np.array([[b"a"]], object)}
    assert "'score': None" in next(probe.ranking_failures(SEARCH, outputs, None))


@pytest.mark.parametrize(("vectors", "what"), [
    ([[0.6, 0.8]], None),
    ([[0.6, 0.9]], "length 1"),
    ([[np.nan, 1.0]], "finite"),
    ([0.6, 0.8], "shape [1, dimensions]"),
])
def test_each_fault_of_an_embedding_is_named(vectors, what):
    failures = list(probe.embedding_failures(SEARCH, {"embedding": np.array(vectors)}))
    assert failures == [] if what is None else what in failures[0]


def test_an_embedding_of_nothing_needs_no_length():
    case = {"inputs": {"query": [""]}, "answers": False}
    assert not list(probe.embedding_failures(case, {"embedding": np.zeros((1, 2))}))


def test_padding_to_the_longest_row():
    tensor = probe.padded([["a"], [], ["b", "c"]], tf.TensorSpec([None, None], tf.string))
    assert tensor.numpy().tolist() == [[b"a", b""], [b"", b""], [b"b", b"c"]]


def test_numbers_are_padded_with_what_is_unknown():
    tensor = probe.padded([[2.5, 0.0], []], tf.TensorSpec([None, None], tf.float32))
    assert tensor.numpy().tolist() == [[2.5, 0.0], [-1.0, -1.0]]


def test_padding_to_a_fixed_width_keeps_the_newest():
    tensor = probe.padded([["old", "b", "c"], ["d"]], tf.TensorSpec([None, 2], tf.string))
    assert tensor.numpy().tolist() == [[b"b", b"c"], [b"d", b""]]


def test_padding_of_rows_without_ids():
    assert probe.padded([[], []], tf.TensorSpec([None, None], tf.string)).shape == (2, 0)


def test_the_probe_imports_nothing_of_the_project():
    tree = ast.parse(pathlib.Path(probe.__file__).read_text(encoding="utf-8"))
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
    assert modules - set(sys.stdlib_module_names) == {
        "numpy", "tensorflow", "tensorflow_text", "scann"}
