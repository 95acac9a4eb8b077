import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cjk import count_words, is_run, pairs, split_runs, with_pairs

MIXED = st.text(st.sampled_from("锅炒黑色のアー々〇𠮷aZ9é-，,. \n"))


@pytest.mark.parametrize(("text", "pieces"), [
    ("不粘炒锅32cm黑色", ["不粘炒锅", "32cm", "黑色"]),
    ("iPhone手机壳 红", ["iPhone", "手机壳", " ", "红"]),
    ("コーヒーのミル", ["コーヒーのミル"]),
    ("炒锅，汤锅", ["炒锅", "，", "汤锅"]),
    ("전기 주전자", ["전기 주전자"]),  # Korean has spaces between its words.
    ("", []),
])
def test_runs_are_cut_from_the_rest(text, pieces):
    assert split_runs(text) == pieces


def test_pairs_overlap_and_a_lone_character_stays():
    assert pairs("不粘炒锅") == ["不粘", "粘炒", "炒锅"]
    assert pairs("锅") == ["锅"]
    assert pairs("𠮷野家") == ["𠮷野", "野家"]


def test_a_text_with_its_pairs_written_out():
    assert with_pairs("黑炒锅32cm, cast iron").split() == ["黑炒", "炒锅", "32cm,", "cast", "iron"]


@pytest.mark.parametrize(("text", "words"), [
    ("red mug", 2), ("usb-c & hdmi", 3), ("", 0), ("  ", 0), ("!", 1),
    ("炒锅", 1), ("黑炒锅", 2), ("黑色炒锅", 2), ("黑色不粘炒锅", 3), ("炒锅 32cm", 2),
    ("炒锅32cm", 2), ("炒锅，汤锅", 2), ("iPhone手机壳", 3),
])
def test_words_are_counted_by_spaces_and_two_characters(text, words):
    assert count_words(text) == words


@given(MIXED)
def test_pieces_make_up_the_text_and_take_turns(text):
    pieces = split_runs(text)
    assert "".join(pieces) == text
    runs = [is_run(piece) for piece in pieces]
    assert all(one != other for one, other in itertools.pairwise(runs))
    for run, piece in zip(runs, pieces, strict=True):
        if run:
            # First characters of the pairs, and the last of the last, are the run again.
            parts = pairs(piece)
            assert "".join(part[0] for part in parts[:-1]) + parts[-1] == piece


@given(st.text(st.characters(max_codepoint=0x2FFF)))
def test_text_with_spaces_is_left_alone(text):
    assert with_pairs(text) == text
    assert count_words(text) == len(text.split())
