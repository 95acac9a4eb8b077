import re

import pytest
import yaml

from pipeline.sample.vocabulary import ENGLISH, VocabularyError, load_vocabulary


def _edited(tmp_path, edit):
    tree = yaml.load(ENGLISH.read_bytes(), Loader=yaml.CSafeLoader)
    edit(tree)
    path = tmp_path / "words.yaml"
    path.write_text(yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    return path


def _types_of(tree):
    return tree["departments"][0]["families"]["Cookware"]["types"]


def test_english_covers_a_dozen_departments_with_a_dozen_types_each(vocabulary):
    assert len(vocabulary.departments) == 12
    for number in range(12):
        assert (vocabulary.type_department == number).sum() >= 12


def test_numbers_lead_back_to_the_words_of_the_file(vocabulary):
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
    for kind in vocabulary.types:
        text = " ".join((*kind.names, *kind.features)).lower()
        for said in kind.said:
            assert not re.search(rf"\b{re.escape(said.lower())}\b", text), (kind.key, said)
    for leaning in (*vocabulary.styles, *vocabulary.tiers):
        assert not {s for s in leaning.said for hint in leaning.hints if s in hint.lower()}
    for use in vocabulary.uses:
        assert not {s for s in use.suffix for hint in use.hints if s in hint.lower()}


def test_every_type_can_be_worded(vocabulary):
    for kind in vocabulary.types:
        assert kind.names, kind.key
        assert kind.said, kind.key
        assert kind.uses, kind.key
        assert len(kind.features) >= 2, kind.key
        assert 0 < kind.price[0] < kind.price[1], kind.key


@pytest.mark.parametrize(("edit", "named"), [
    (lambda tree: tree.pop("styles"), "styles"),
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
