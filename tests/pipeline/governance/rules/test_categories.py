"""Category paths in one form."""

import collections
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.findings import Action, Finding
from pipeline.governance.rules.categories import (
    CategoryPath,
    category_of,
    find_category_path,
    resolve_categories,
)


def _paths(counts):
    return {category: found.path for category, found in resolve_categories(counts).items()}


@pytest.mark.parametrize("category", [
    "Home|Lamps", "Home >> Lamps", "Home » Lamps", "Home -> Lamps", "Home→Lamps", "Home>Lamps",
    "Home > > Lamps", "> Home > Lamps >", "Home > Home > Lamps", "Home => Lamps", "Home › Lamps",
    "home > LAMPS", "Home > home > Lamps", "Ｈome ＞ Lamps"])
def test_every_way_to_write_a_path_becomes_one(category):
    assert resolve_categories({"Home > Lamps": 5, category: 1}) == {
        category: CategoryPath("Home > Lamps", 1.0)}


def test_names_keep_their_signs():
    counts = {"Mini PC (<= 3L)": 4, "Bags (>=5 kg)": 2, "Hybrid (2-in-1)": 3, "A-Z": 1,
              "Server/Workstation Board": 9, "Audio / Video": 2}
    assert _paths(counts) == {}


def test_the_most_frequent_spelling_of_each_level_is_right():
    assert _paths({"home > Lamps": 1, "Home > Lamps": 1, "Home > lamps": 3, "Home > Beds": 1}) == {
        "home > Lamps": "Home > lamps", "Home > Lamps": "Home > lamps"}
    # A level below another one is another level.
    assert _paths({"Home > Sale": 5, "Garden > SALE": 2}) == {}


def test_slashes_part_the_paths_of_a_shop_that_writes_paths_with_them():
    counts = {"Home/Lamps": 5, "Home/Beds": 4, "Garden/Beds": 2, "Garden/Tools": 1, "Gift": 1}
    assert resolve_categories(counts) == {
        "Home/Lamps": CategoryPath("Home > Lamps", 0.9),
        "Home/Beds": CategoryPath("Home > Beds", 0.9),
        "Garden/Beds": CategoryPath("Garden > Beds", 0.9),
        "Garden/Tools": CategoryPath("Garden > Tools", 0.9)}


def test_a_slashed_name_that_begins_no_other_path_stays_a_name():
    counts = {"Home/Kitchen": 5, "Home/Garden": 4, "Audio/Video": 2}
    assert _paths(counts) == {"Home/Kitchen": "Home > Kitchen", "Home/Garden": "Home > Garden"}
    # The same name twice is no other path.
    assert _paths({"Audio/Video": 2, "Audio/Video >": 1}) == {"Audio/Video >": "Audio/Video"}


def test_elsewhere_a_slash_parts_only_what_is_known_as_a_path():
    counts = {"Home > Audio/Video": 5, "Home > Lamps > Desk": 4, "Home/Lamps": 1, "Audio/Video": 1,
              "Tools/Saws": 1}
    assert _paths(counts) == {"Home/Lamps": "Home > Lamps", "Audio/Video": "Home > Audio/Video"}


def test_a_category_that_stands_alone_goes_where_it_always_is():
    counts = {"Home > Light > Lamps": 2, "Home > Light > lamps": 1, "LAMPS": 2}
    assert resolve_categories(counts) == {
        "Home > Light > lamps": CategoryPath("Home > Light > Lamps", 1.0),
        "LAMPS": CategoryPath("Home > Light > Lamps", 0.9)}


@pytest.mark.parametrize(("counts", "why"), [
    ({"Home > Lamps": 9, "Garden > Lamps": 1, "Lamps": 1}, "two places"),
    ({"Home > Lamps": 2, "Lamps": 1}, "too few to know"),
    ({"Home > Lamps": 4, "Lamps": 5}, "more often alone"),
    ({"Home > Lamps": 9, "Lamps > Desk": 1, "Lamps": 1}, "a place of its own"),
])
def test_a_category_that_may_stand_alone_does(counts, why):
    assert _paths(counts) == {}, why


def test_a_path_without_a_name_is_nothing():
    assert resolve_categories({">": 1, "| |": 1}) == {
        ">": CategoryPath("", 1.0), "| |": CategoryPath("", 1.0)}


def test_a_row_gets_its_path():
    paths = {"Home|Lamps": CategoryPath("Home > Lamps", 1.0), ">": CategoryPath("", 1.0)}
    found = [list(find_category_path(row, paths)) for row in (
        {"category": "Home|Lamps"}, {"category": " Home|Lamps\n"}, {"category": ">"},
        {"category": "Home > Lamps"}, {})]
    repaired = Finding("category_path", "category", Action.REPAIRED, "Home > Lamps", 1.0)
    cleared = Finding("category_path", "category", Action.CLEARED)
    assert found == [[repaired], [repaired], [cleared], [], []]


def test_white_space_is_another_rules_business():
    assert category_of({"category": " Home  >\tLamps "}) == "Home > Lamps"
    assert category_of({}) is None


_CATEGORIES = st.one_of(
    st.text(max_size=6).map(lambda text: " ".join(text.split())).filter(bool),
    st.builds(
        lambda names, separator: separator.join(names),
        st.lists(st.sampled_from(["Home", "home", "Lamps", "A/B", "2", "Sale", ""]), max_size=4),
        st.sampled_from([" > ", ">", "|", "/", " -> ", " >> "])).filter(str.strip)
    .map(lambda text: " ".join(text.split())))
_COUNTS = st.dictionaries(_CATEGORIES, st.integers(1, 9), max_size=10)


@given(_COUNTS)
def test_resolving_what_is_resolved_changes_nothing(counts):
    resolved = resolve_categories(counts)
    after = collections.Counter()
    for category, count in counts.items():
        path = resolved[category].path if category in resolved else category
        if path:
            after[path] += count
    assert not {found.path for found in resolved.values()} & set(resolved)
    assert resolve_categories(after) == {}


@given(_COUNTS)
def test_no_number_is_lost(counts):
    for category, found in resolve_categories(counts).items():
        assert set(re.findall(r"\d+", category)) <= set(re.findall(r"\d+", found.path))


@given(_COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_the_categories_does_not_matter(counts, rng):
    shuffled = list(counts.items())
    rng.shuffle(shuffled)
    assert resolve_categories(dict(shuffled)) == resolve_categories(counts)
