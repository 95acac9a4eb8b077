"""Which spellings are one brand."""

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.findings import Action, Finding
from pipeline.governance.graph.brands import (
    BrandUse,
    Spelling,
    brand_key,
    brand_use,
    find_brand_spelling,
    resolve_brands,
)


def _resolve(**counts):
    """Canonical spellings, where every title names the brand as its column does."""
    return _canonical({name.replace("_", " "): (count, count) for name, count in counts.items()})


def _uses(counts):
    """Counts by use, of (products, titles that say the brand) by spelling."""
    return {BrandUse(name, said): count for name, (products, titled) in counts.items()
            for said, count in ((True, titled), (False, products - titled)) if count}


def _canonical(counts):
    resolved = resolve_brands(_uses(counts))
    return {spelling: right.canonical for spelling, right in resolved.items()}


@pytest.mark.parametrize("spellings", [
    ("Hewlett-Packard", "hewlett packard", "HEWLETT PACKARD", "Hewlett-Packard®", "HewlettPackard"),
    ("StarTech.com", "Startech", "StarTech com", "STARTECH.COM Ltd."),
    ("3M", "3m company", "3M Company", "3M Co., Ltd"),
    ("Bosch", "Bosch GmbH", "Bosch GmbH & Co. KG", "ＢＯＳＣＨ", "The Bosch Company"),
    ("Black & Decker", "BLACK+DECKER", "Black and Decker", "Black  &  Decker Inc"),
    ("Nestlé", "Nestle", "NESTLE\u0301 S.A."),
    ("Levi's", "Levi’s", "LEVIS"),
    ("华为", "华为有限公司"),
])
def test_spellings_of_a_brand_have_one_key(spellings):
    assert len({brand_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), [
    ("HP", "HPE"), ("LG", "LC"), ("Acer", "Acme"), ("AT&T", "ATT"), ("Canon", "Nikon"),
    ("華為", "华为"), ("ガス", "カス"), ("Boß", "Bos"), ("й", "и"), ("3M", "M3"),
    ("Philips", "Philips Sonicare")])
def test_brands_have_keys_of_their_own(one, other):
    assert brand_key(one) != brand_key(other)


@pytest.mark.parametrize(("spelling", "key"), [
    ("Co.", "co"), ("Inc", "inc"), ("???", "???"), (" - ", "-"), ("Company Ltd", "company")])
def test_what_is_nothing_but_form_is_the_key(spelling, key):
    assert brand_key(spelling) == key


def test_the_most_frequent_spelling_is_canonical():
    assert _resolve(ACME=2, Acme=3, acme_inc=1) == {"ACME": "Acme", "acme inc": "Acme"}


def test_of_equally_frequent_spellings_the_one_with_both_cases_is_canonical():
    assert _resolve(ACME=1, Acme=1, acme=1) == {"ACME": "Acme", "acme": "Acme"}


@pytest.mark.parametrize("wrong", [
    "Lenvo", "Lenoovo", "Lemovo", "Leonvo", "Lenov", "enovo", "eLnovo", "LENVO"])
def test_a_rare_name_one_typing_error_from_a_frequent_one_is_corrected(wrong):
    assert _canonical({"Lenovo": (30, 30), wrong: (1, 0)}) == {wrong: "Lenovo"}


@pytest.mark.parametrize(("right", "wrong", "why"), [
    (("Pyrex", 30, 30), ("Purex", 1, 1), "its title says Purex"),
    (("Pyrex", 2, 2), ("Purex", 1, 0), "the other is not frequent"),
    (("Pyrex", 30, 0), ("Purex", 1, 0), "titles say no brands"),
    (("Acer", 30, 30), ("Aces", 1, 0), "short names"),
    (("Tascam4", 30, 30), ("Tascam5", 1, 0), "numbers"),
    (("Hewlett", 30, 30), ("Hexlet", 1, 0), "two errors"),
    (("小米科技公司", 30, 30), ("小术科技公司", 1, 0), "no case"),
])
def test_what_may_be_another_brand_stays(right, wrong, why):
    counts = {name: (products, titled) for name, products, titled in (right, wrong)}
    assert _canonical(counts) == {}, why


def test_a_misspelling_corrects_nothing_and_takes_its_own_misspellings_along():
    # Lenvo (3) is Lenovo (30); Lenv (1), two letters from Lenovo, is one from Lenvo alone.
    assert _canonical({"Lenovo": (30, 30), "Lenvo": (3, 0), "Lenv": (1, 0)}) == {"Lenvo": "Lenovo"}


def test_what_is_led_back_makes_a_brand_more_frequent():
    # 2 of Lenova are too many for 5 of Lenovo, but not for 5 and 1 of Lenvo.
    assert _canonical({"Lenovo": (5, 5), "Lenova": (2, 0)}) == {}
    assert _canonical({"Lenovo": (5, 5), "Lenova": (2, 0), "Lenvo": (1, 0)}) == {
        "Lenova": "Lenovo", "Lenvo": "Lenovo"}


@pytest.mark.parametrize(("title", "titled"), [
    ("Oral-B brush", 1), ("oral b brush", 1), ("ORALB brush", 1), ("Moral Bush", 0), ("Brush", 0)])
def test_titles_name_brands_by_whole_words(title, titled):
    assert brand_use({"title": title, "brand": " Oral-B"}) == BrandUse("Oral-B", bool(titled))


def test_a_product_without_a_brand_counts_for_none():
    assert brand_use({"title": "Brush"}) is None


def test_a_row_gets_the_canonical_spelling():
    spellings = {"acme": Spelling("Acme", 0.95)}
    assert list(find_brand_spelling({"product_id": "a", "brand": "acme"}, spellings)) == [
        Finding("brand_spelling", "brand", Action.REPAIRED, "Acme", 0.95)]
    assert list(find_brand_spelling({"product_id": "a", "brand": "Acme"}, spellings)) == []
    assert list(find_brand_spelling({"product_id": "a"}, spellings)) == []


_NAMES = st.one_of(
    st.text(max_size=8),
    st.text("abA -&.é", max_size=7),
    st.builds(
        lambda name, ending: name + ending,
        st.sampled_from(["Lenovo", "Lenvo", "Lenova", "lenovo", "LENOVO", "Lenovas", "Acme"]),
        st.sampled_from(["", " Inc.", ".com", " GmbH & Co. KG", "®"])))
_COUNTS = st.dictionaries(
    st.builds(BrandUse, _NAMES, st.booleans()), st.integers(1, 40), max_size=16)


@given(_NAMES)
def test_a_key_is_its_own_key_and_never_empty(name):
    assert brand_key(brand_key(name)) == brand_key(name)
    assert brand_key(name) or not name.strip()


@given(_COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_the_spellings_does_not_matter(counts, rng):
    shuffled = list(counts.items())
    rng.shuffle(shuffled)
    assert resolve_brands(dict(shuffled)) == resolve_brands(counts)


@given(_COUNTS)
def test_resolving_what_is_resolved_changes_nothing(counts):
    resolved = resolve_brands(counts)
    assert not {right.canonical for right in resolved.values()} & set(resolved)
    after = collections.Counter()
    for (spelling, titled), count in counts.items():
        right = resolved[spelling].canonical if spelling in resolved else spelling
        after[BrandUse(right, titled)] += count
    assert resolve_brands(after) == {}
