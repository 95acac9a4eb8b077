"""The tokenizer: special tokens, cutting, and input that is no text."""

import pytest
import tensorflow as tf

from model.tokenizer import Tokenizer

# ids:          0        1        2        3        4      5       6      7     8
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "usb", "cab", "##le", "c", ","]


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer(VOCABULARY)


def test_packs_pieces_between_special_tokens(tokenizer):
    # "USB-less": lower-cased, "cable" = cab + ##le, "x" is unknown.
    tokens = tokenizer(tf.constant(["USB c cable, x"]), 16)
    assert tokens.to_list() == [[2, 4, 7, 5, 6, 8, 1, 3]]


def test_cuts_to_the_limit_with_both_special_tokens(tokenizer):
    assert tokenizer(tf.constant(["usb usb usb usb"]), 4).to_list() == [[2, 4, 4, 3]]


def test_an_empty_text_stays_empty_among_others(tokenizer):
    assert tokenizer(tf.constant(["", "usb", "  "]), 8).to_list() == [[], [2, 4, 3], []]


def test_parts_are_joined_in_order(tokenizer):
    parts = [tokenizer.pieces(tf.constant(["usb", ""])), tokenizer.pieces(tf.constant(["c", ""]))]
    assert tokenizer.pack(parts, 8).to_list() == [[2, 4, 7, 3], []]


@pytest.mark.parametrize("text", [b"\xff\xfe usb", "🔌".encode(), b"\x00usb", b"u" * 100_000])
def test_any_bytes_are_text(tokenizer, text):
    tokens = tokenizer(tf.constant([text]), 8).to_list()[0]
    assert tokens == [] or (tokens[0], tokens[-1]) == (2, 3)
    assert len(tokens) <= 8


def test_a_vocabulary_without_special_tokens_is_refused():
    with pytest.raises(ValueError, match=r"Missing: \['\[CLS\]'"):
        Tokenizer(["[PAD]", "[UNK]", "[SEP]", "usb"])


def test_padding_must_be_zero():
    with pytest.raises(ValueError, match="Received: 1"):
        Tokenizer(["[UNK]", "[PAD]", "[CLS]", "[SEP]"])


def test_pieces_know_where_they_stand(tokenizer):
    pieces, starts, ends = tokenizer.pieces_with_offsets(tf.constant(["USB é cable", ""]))
    # "é" is two bytes, and unknown.
    assert pieces.to_list() == [[4, 1, 5, 6], []]
    assert starts.to_list() == [[0, 4, 7, 10], []]
    assert ends.to_list() == [[3, 6, 10, 12], []]
