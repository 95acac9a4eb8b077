import numpy as np
import pytest
from tensorflow_serving.apis import predict_pb2

from serving.errors import RequestError
from serving.model_server.answers import Parts, decoded, encoded

OUTPUTS = {"id": np.array([b"a", b"b\0", b"c", b"filler"], object),
           "score": np.array([[1.0], [2.0], [3.0], [9.0]], np.float32)}


def test_the_outputs_of_a_batch_are_taken_apart_by_rows():
    first, none, second = Parts([2, 0, 1], 4).take_apart("search", OUTPUTS)
    assert first["id"].tolist() == [b"a", b"b\0"]
    assert first["score"].tolist() == [[1.0], [2.0]]
    assert none["score"].shape == (0, 1)
    assert (second["id"].tolist(), second["score"].tolist()) == ([b"c"], [[3.0]])


def test_what_is_one_requests_alone_needs_no_rows():
    scalar = {"count": np.array(3)}
    assert Parts(None, 4).take_apart("search", scalar) == [scalar]


def test_an_output_with_other_rows_than_the_batch_is_an_error_that_names_it():
    with pytest.raises(RequestError, match=r"output 'count' of signature 'search' .*another num"):
        Parts([2, 2], 4).take_apart("search", {**OUTPUTS, "count": np.zeros(3)})


def test_encoded_answers_are_responses_with_the_outputs_of_each_request():
    answers = decoded(encoded(Parts([1, 2], 4).take_apart("search", OUTPUTS)))
    responses = [predict_pb2.PredictResponse.FromString(answer) for answer in answers]
    assert [list(response.outputs["id"].string_val) for response in responses] == [
        [b"a"], [b"b\0", b"c"]]
    assert [list(response.outputs["score"].float_val) for response in responses] == [
        [1.0], [2.0, 3.0]]
    assert [dim.size for dim in responses[1].outputs["score"].tensor_shape.dim] == [2, 1]
    assert not any(response.HasField("model_spec") for response in responses)
