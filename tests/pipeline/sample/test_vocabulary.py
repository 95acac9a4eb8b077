import re

import pytest
import yaml

from pipeline.cjk import pairs
from pipeline.sample.vocabulary import ENGLISH, LANGUAGES, VocabularyError, load_vocabulary


def _edited(tmp_path, edit):
    tree = yaml.load(ENGLISH.read_bytes(), Loader=yaml.CSafeLoader)
    edit(tree)
    path = tmp_path / "words.yaml"
    path.write_text(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    return path


def _types_of(tree):
    return tree["departments"][0]["families"]["Cookware"]["types"]


def test_each_language_covers_a_dozen_departments_with_a_dozen_types_each(vocabulary):
    assert len(vocabulary.departments) == 12
    for number in range(12):
        assert (vocabulary.type_department == number).sum() >= 12


def test_numbers_lead_back_to_the_words_of_the_file():
    vocabulary = load_vocabulary(ENGLISH)
    pan = next(kind for kind in vocabulary.types if kind.key == "frying_pan")
    assert vocabulary.departments[pan.department].name == "Kitchen & Dining"
    assert vocabulary.families[pan.family].name == "Cookware"
    assert {vocabulary.materials[m].name for m in pan.materials} == {
        "stainless steel", "cast iron", "aluminium", "carbon steel"}
    assert [vocabulary.types[t].key for t in pan.goes_with] == ["spatula", "saucepan"]
    assert [vocabulary.uses[u].key for u in pan.uses] == ["cooking", "student"]
    navy = next(shade for shade in vocabulary.colours if shade.name == "Navy")
    assert navy.said == ("blue",)


def test_the_catalogue_does_not_use_the_shoppers_words(vocabulary):
    """Else word overlap finds the product, and there is nothing to learn."""
    edge = r"\b" if vocabulary.grammar.gap else ""  # A Chinese word is where its characters are.
    for kind in vocabulary.types:
        text = " ".join((*kind.names, *kind.features)).lower()
        for said in kind.said:
            assert not re.search(rf"{edge}{re.escape(said.lower())}{edge}", text), (kind.key, said)
    for leaning in (*vocabulary.styles, *vocabulary.tiers):
        assert not {s for s in leaning.said for hint in leaning.hints if s in hint.lower()}
    for use in vocabulary.uses:
        assert not {s for s in use.suffix for hint in use.hints if s in hint.lower()}


def test_chinese_shoppers_and_catalogue_share_hardly_a_pair_of_characters():
    """What a catalogue says of a product, and what shoppers call it: one in twenty overlaps."""
    vocabulary = load_vocabulary(LANGUAGES["zh"])
    shared = [
        bool(set(pairs(said)) & {
            pair for text in (*kind.names, *kind.features) for pair in pairs(text)})
        for kind in vocabulary.types for said in kind.said]
    assert len(shared) > 400
    assert sum(shared) / len(shared) < 0.05
    for leaning in (*vocabulary.styles, *vocabulary.tiers):
        hints = {pair for hint in leaning.hints for pair in pairs(hint)}
        assert not any(hints & set(pairs(said)) for said in leaning.said)


def test_languages_are_the_same_shop_in_other_words():
    english, chinese = (load_vocabulary(LANGUAGES[code]) for code in ("en", "zh"))
    for one, other in zip(english.types, chinese.types, strict=True):
        assert (one.key, one.uses, one.goes_with) == (other.key, other.uses, other.goes_with)
        assert (one.materials, len(one.sizes)) == (other.materials, len(other.sizes))
    for part in ("families", "departments", "brands", "colours", "tiers", "styles", "uses"):
        assert len(getattr(english, part)) == len(getattr(chinese, part))


def test_chinese_is_simplified_and_in_characters_that_are_in_use():
    for letter in LANGUAGES["zh"].read_text(encoding="utf-8"):
        assert letter.encode("gb2312")


def test_every_type_can_be_worded(vocabulary):
    for kind in vocabulary.types:
        assert kind.names, kind.key
        assert kind.said, kind.key
        assert kind.uses, kind.key
        assert len(kind.features) >= 2, kind.key
        assert 0 < kind.price[0] < kind.price[1], kind.key


@pytest.mark.parametrize(("edit", "named"), [
    (lambda tree: tree.pop("styles"), "styles"),
    (lambda tree: tree.update(language="tlh"), "language should be one of en, zh. Received: 'tlh'"),
    (lambda tree: tree["dirt"].pop("prices"), "prices"),
    (lambda tree: _types_of(tree)["saucepan"]["goes_with"].append("teapot"), "teapot"),
    (lambda tree: _types_of(tree)["saucepan"]["materials"].append("mithril"), "mithril"),
    (lambda tree: _types_of(tree)["saucepan"].pop("price"), "price"),
    (lambda tree: tree["departments"][1]["families"]["Hand Tools"]["types"].update(
        saucepan=_types_of(tree)["saucepan"]), "saucepan"),
])
def test_a_gap_in_the_file_is_named(tmp_path, edit, named):
    path = _edited(tmp_path, edit)
    with pytest.raises(VocabularyError, match=named) as caught:
        load_vocabulary(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_yaml_is_named(tmp_path):
    path = tmp_path / "words.yaml"
    path.write_text("colours: [black", encoding="utf-8")
    with pytest.raises(VocabularyError, match=r"words\.yaml"):
        load_vocabulary(path)
