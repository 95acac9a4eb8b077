import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import invalid_argument, not_found, quoted, sentence


@pytest.mark.parametrize(("text", "expected"), [
    ("Graph execution error:\n\nDetected at node concat defined at (most recent call last):\n"
     "<stack traces unavailable>\nConcatOp : Dimension 0 must be equal\n"
     "\t [[{{node concat}}]] [Op:__inference_signature_wrapper_44]",
     "ConcatOp : Dimension 0 must be equal"),
    ("2 root error(s) found.\n  (0) INVALID_ARGUMENT:  not a number: x\n\t [[{{node a}}]]",
     "not a number: x"),
    ("No such file [Op:Restore]", "No such file"),
    ("", "ValueError"),
])
def test_the_sentence_of_an_error_has_no_graph_in_it(text, expected):
    assert sentence(ValueError(text)) == expected


@given(st.text(st.characters(), max_size=3000))
def test_messages_fit_a_trailer(text):
    message = invalid_argument(text).message
    assert len(message.encode("utf-8")) <= 2_003


def test_codes_and_quotes():
    assert not_found("x").code is grpc.StatusCode.NOT_FOUND
    assert quoted("a\nb") == r"'a\nb'"
    assert len(quoted("x" * 10_000)) < 100
