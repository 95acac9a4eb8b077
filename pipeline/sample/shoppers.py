"""Who shops: latent tastes, and what a shopper tells about them in their own words."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import numpy.typing as npt

from pipeline.sample.catalogue import DAY, YEAR_END, YEAR_START, Catalogue, Floats, Ints
from pipeline.sample.randomness import stream
from pipeline.sample.wording import Row, fill

FAVOURITES = 3
"""Departments that a shopper cares for, the first most."""

_FAVOURITE_SHARE = (0.62, 0.24, 0.08)  # the rest of their interest goes to all departments
_FAVOURITE_BRANDS = 2  # of each favourite department


@dataclasses.dataclass(frozen=True)
class Shoppers:
    """A block of shoppers, columns `[shoppers]`."""

    first: int
    """Number of the block's first shopper in the whole shop."""
    departments: Ints
    """Favourite departments, `[shoppers, FAVOURITES]`."""
    taste: Floats
    """How likely a visit is about each type, `[shoppers, types]`; rows sum to 1."""
    brands: npt.NDArray[np.bool_]
    """Favourite brands, `[shoppers, brands]`."""
    style: Ints
    tier: Ints
    colour: Ints
    """Favourite everyday colour, as `Catalogue.colour_kind`."""
    joined: Ints
    """Seconds since the epoch of the first visit, at the earliest."""

    def __len__(self) -> int:
        return len(self.style)

    def user_id(self, index: int) -> int:
        """The id of shopper `index` of this block: a number, as many shops have."""
        return 10_007 + 3 * (self.first + index)


def draw_shoppers(
        catalogue: Catalogue, first: int, count: int, seed: int, block: int) -> Shoppers:
    """Draws the shoppers `first` to `first + count` of the shop, its block number `block`."""
    rng = stream(seed, "shoppers", block)
    words = catalogue.vocabulary
    present = np.unique(words.type_department[catalogue.types])
    favourites = present[np.argsort(
        rng.random((count, len(present))), axis=1)[:, :FAVOURITES]]
    interest = np.full((count, len(words.departments)), 0.06 / len(words.departments))
    rows = np.arange(count)
    for place, share in enumerate(_FAVOURITE_SHARE[:favourites.shape[1]]):
        interest[rows, favourites[:, place]] += share
    within = rng.gamma(0.5, size=(count, len(words.types))) + 0.02
    within[:, np.setdiff1d(np.arange(len(words.types)), catalogue.types)] = 0
    for department in present:
        columns = words.type_department == department
        within[:, columns] *= (
            interest[:, department] / within[:, columns].sum(axis=1))[:, None]
    brands = np.zeros((count, len(words.brands)), dtype=bool)
    for place in range(favourites.shape[1]):
        offered = np.array([d.brands for d in words.departments])[favourites[:, place]]
        liked = np.argsort(rng.random(offered.shape), axis=1)[:, :_FAVOURITE_BRANDS]
        brands[rows[:, None], np.take_along_axis(offered, liked, axis=1)] = True
    # A third come for the first time some time in the year, the rest were there before.
    joined = np.where(
        rng.random(count) < 0.35,
        YEAR_START + (rng.random(count) * (YEAR_END - YEAR_START - 7 * DAY)).astype(np.int64),
        YEAR_START)
    return Shoppers(
        first=first, departments=favourites,
        taste=within / within.sum(axis=1, keepdims=True), brands=brands,
        style=rng.integers(len(words.styles), size=count),
        tier=rng.choice(len(words.tiers), count, p=(0.35, 0.4, 0.25)),
        colour=rng.integers(1 + max(shade.kind for shade in words.colours), size=count),
        joined=joined)


def user_row(shoppers: Shoppers, index: int, catalogue: Catalogue, rng: random.Random) -> Row:
    """A row of the users table; one in five told nothing about themselves."""
    members = catalogue.vocabulary.members
    return {
        "user_id": shoppers.user_id(index),
        "profile": None if rng.random() < 0.2 else _profile(shoppers, index, catalogue, rng),
        "attributes": (
            f"{members.place}={rng.choice(members.places)}"
            f"|{members.letter}={rng.choice((members.yes, members.no))}"),
    }


def _profile(shoppers: Shoppers, index: int, catalogue: Catalogue, rng: random.Random) -> str:
    words = catalogue.vocabulary
    grammar = words.grammar
    first, *others = (words.departments[d] for d in shoppers.departments[index])
    sentences = [rng.choice(first.profile) + grammar.stop]
    for leaning, share in (
            (words.tiers[shoppers.tier[index]], 0.6), (words.styles[shoppers.style[index]], 0.75)):
        phrase = rng.choice(leaning.profile)
        if phrase and rng.random() < share:
            sentences.append(phrase + grammar.stop)
    if others and rng.random() < 0.5:
        sentences.append(fill(
            rng.choice(words.phrases.profile_second), {"department": others[0].name.lower()}))
    if rng.random() < 0.4:
        brand = rng.choice([b for b in first.brands if shoppers.brands[index, b]])
        sentences.append(fill(
            rng.choice(words.phrases.profile_brand), {"brand": words.brands[brand]}))
    if rng.random() < 0.25:
        said = next(s.said[0] for s in words.colours if s.kind == shoppers.colour[index])
        sentences.append(fill(rng.choice(words.phrases.profile_colour), {"colour": said}))
    return grammar.gap.join(sentences)
