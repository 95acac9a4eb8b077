from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.judge.texts import (
    attribute_tokens,
    read_texts,
    shape_of,
    split_words,
    text_tokens,
    value_tokens,
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


def test_tokens_are_what_words_are_made_of():
    assert text_tokens('HP 15.6" (2-Pack), C13T0549') == [
        "hp", "15.6", '"', "(", "2-pack", ")", ",", "c13t0549"]
    assert split_words("two<br />lines &  more") == ["two", "lines", "&", "more"]
    assert text_tokens("红色桌子") == ["红色", "色桌", "桌子"]


def test_shapes_tell_letters_from_digits():
    assert [shape_of(token) for token in ("c13t0549", "2.33", "cable", '"')] == [
        "a0a0", "0.0", "a", '"']


def test_attributes_have_their_names_and_values():
    row = {"attributes": {"width": 4.0, "colour": "Dark red", "stock": True, "ports": ["A", "B"]}}
    assert attribute_tokens(row) == [
        "@colour", "dark", "red", "@ports", "a", "b", "@stock=True", "@width", "4"]
    assert attribute_tokens({}) == []
    assert value_tokens(2.5) == ["2.5"]


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.text(max_size=40))
def test_any_row_can_be_read(attributes, text):
    texts = read_texts([{"title": text, "description": text, "attributes": attributes}])
    assert texts.description == [[token for word in texts.words[0] for token in word]]
