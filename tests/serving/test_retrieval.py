import numpy as np
import pytest

from serving.retrieval import (
    Context,
    Result,
    padded,
    recommend_request,
    results_of,
    text_array,
)


def test_contexts_are_padded_to_the_longest():
    inputs = padded([
        Context(history=["a", "b"], profile="likes blue", exclude=["x"]), Context(query="hose")])
    assert inputs["history"].tolist() == [[b"a", b"b"], [b"", b""]]
    assert inputs["profile"].tolist() == [b"likes blue", b""]
    assert inputs["query"].tolist() == [b"", b"hose"]
    assert inputs["exclude"].tolist() == [[b"x"], [b""]]


def test_empty_contexts_still_have_a_column():
    assert padded([Context()])["history"].shape == (1, 1)
    assert padded([])["exclude"].shape == (0, 1)


def test_the_request_tells_of_events_where_any_are_known():
    assert recommend_request([Context(history=["a"]), Context()])[0] == "recommend"
    name, inputs = recommend_request([
        Context(history=["a", "b"], events=["view", "cart"]), Context(history=["c"], ages=[2.5]),
        Context(history=["d"])])
    assert name == "recommend_events"
    assert inputs["history"].tolist() == [[b"a", b"b"], [b"c", b""], [b"d", b""]]
    assert inputs["history_event"].tolist() == [[b"view", b"cart"], [b"", b""], [b"", b""]]
    assert inputs["history_age"].tolist() == [[-1, -1], [2.5, -1], [-1, -1]]
    assert inputs["history_age"].dtype == np.float32
    assert inputs["exclude"].tolist() == [[b""]] * 3


@pytest.mark.parametrize(("details", "message"), [
    ({"events": ["view"]}, "events should be as many as the products of the history, 2, or none. "
     "Received: 1"),
    ({"ages": [1.0, 2.0, 3.0]}, "ages should be .* 2, or none. Received: 3"),
])
def test_events_and_ages_are_one_a_product(details, message):
    with pytest.raises(ValueError, match=message):
        Context(history=["a", "b"], **details)


def test_results_drop_what_only_fills_up():
    outputs = {
        "product_id": np.array([[b"p1", b"caf\xc3\xa9", b""], [b"", b"", b""]], dtype=object),
        "score": np.array([[2.0, 1.0, -np.inf], [-np.inf] * 3], dtype=np.float32),
    }
    assert results_of(outputs) == [[Result("p1", 2.0), Result("café", 1.0)], []]
    assert results_of(outputs, top_k=1) == [[Result("p1", 2.0)], []]


def test_text_that_is_no_text_becomes_a_question_mark():
    assert text_array(["naïve 😀", "bad \udcff"]).tolist() == ["naïve 😀".encode(), b"bad ?"]
