"""Stretches of text become tags of word pieces, and come back."""

import dataclasses

import numpy as np
import pytest

from model.presets import load_preset
from model.token_classifier import BEGIN, IGNORED, INSIDE, OUTSIDE
from pipeline.governance.extraction.mentions import Span
from pipeline.governance.extraction.tokens import TextTokenizer, read_spans, tag

# ids:          0        1        2        3        4      5      6       7       8    9
VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "mug", "##s", "cafe", "15", "ft")


@pytest.fixture(scope="module")
def tokenize():
    preset = dataclasses.replace(load_preset("tiny"), vocabulary=VOCABULARY)
    return TextTokenizer(preset, max_tokens=6)


def test_pieces_know_their_characters(tokenize):
    [pieces] = tokenize(["Café mugs"])
    assert pieces.tokens.tolist() == [2, 7, 5, 6, 3]
    # "Café" has five bytes, and four characters.
    assert pieces.starts.tolist() == [0, 0, 5, 8, 0]
    assert pieces.ends.tolist() == [0, 4, 8, 9, 0]


def test_the_front_is_kept(tokenize):
    assert tokenize(["red red red red mug"])[0].tokens.tolist() == [2, 4, 4, 4, 4, 3]


def test_no_text_has_special_tokens_alone(tokenize):
    assert [pieces.tokens.tolist() for pieces in tokenize(["", "red"])] == [[2, 3], [2, 4, 3]]
    assert tokenize([]) == []


def test_tags(tokenize):
    [pieces] = tokenize(["red mugs red"])  # Characters 0 to 3, 4 to 7, 7 to 8, 9 to 12.
    tags = tag(pieces, [[Span(4, 8)], None, [], [Span(0, 3), Span(9, 12)]])
    assert tags[:, 0].tolist() == [OUTSIDE, OUTSIDE, BEGIN, INSIDE, OUTSIDE, OUTSIDE]
    assert tags[:, 1].tolist() == [IGNORED] * 6
    assert tags[:, 2].tolist() == [OUTSIDE] * 6
    assert tags[:, 3].tolist() == [OUTSIDE, BEGIN, OUTSIDE, OUTSIDE, BEGIN, OUTSIDE]


def test_what_was_cut_off_is_not_tagged(tokenize):
    [pieces] = tokenize(["red red red red mug"])
    assert tag(pieces, [[Span(16, 19)]])[:, 0].tolist() == [OUTSIDE] * 6


def test_spans_come_back(tokenize):
    [pieces] = tokenize(["red mugs 15ft"])
    spans = [[Span(0, 3)], [Span(4, 8)]]
    certain = np.eye(3, dtype=np.float32)[tag(pieces, spans)]
    assert [(found.head, found.span, found.score) for found in read_spans(pieces, certain)] == [
        (0, Span(0, 3), 1.0), (1, Span(4, 8), 1.0)]


def test_a_score_is_the_product_of_its_tags(tokenize):
    [pieces] = tokenize(["mugs"])
    probabilities = np.array([
        [[1, 0, 0]], [[0.5, 0.5, 0]], [[0.2, 0.0, 0.8]], [[1, 0, 0]]], np.float32)
    [found] = read_spans(pieces, probabilities)
    assert found.span == Span(0, 4)
    assert found.score == pytest.approx(0.4)


def test_an_unlikely_span_is_none(tokenize):
    [pieces] = tokenize(["mug"])
    probabilities = np.array([[[1, 0, 0]], [[0.96, 0.04, 0]], [[1, 0, 0]]], np.float32)
    assert list(read_spans(pieces, probabilities)) == []
