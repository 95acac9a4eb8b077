"""What a query asks for, and how well each product answers: the truth behind the judgments."""

from __future__ import annotations

import dataclasses
import enum

import numpy as np
import numpy.typing as npt

from pipeline.sample.catalogue import NONE, Catalogue, Ints

Bools = npt.NDArray[np.bool_]


class Head(enum.Enum):
    """What the main word of a query names."""

    TYPE = "type"
    FAMILY = "family"
    USE = "use"


@dataclasses.dataclass(frozen=True)
class Intent:
    """A head and the facets that it is narrowed by, as numbers into the vocabulary."""

    head: Head
    target: int
    """Number of the type, family or use."""
    colour: int = NONE
    """Everyday colour, as `Catalogue.colour_kind`; `material` likewise."""
    material: int = NONE
    style: int = NONE
    tier: int = NONE
    brand: int = NONE
    size: int = NONE
    use: int = NONE

    @property
    def facets(self) -> dict[str, int]:
        """The facets that are asked for."""
        return {name: value for name in FACETS if (value := getattr(self, name)) != NONE}


FACETS = ("colour", "material", "style", "tier", "brand", "size", "use")


def facet_columns(catalogue: Catalogue) -> dict[str, Ints]:
    """The column `[products]` that each facet of an intent is compared with."""
    return {
        "colour": catalogue.colour_kind, "material": catalogue.material_kind,
        "style": catalogue.style, "tier": catalogue.tier, "brand": catalogue.brand,
        "size": catalogue.size, "use": catalogue.use}


def candidates(intent: Intent, catalogue: Catalogue) -> Ints:
    """Numbers of the products that can have a grade above 0, `[n]`."""
    words = catalogue.vocabulary
    if intent.head is Head.USE:
        types = [n for n, kind in enumerate(words.types) if intent.target in kind.uses]
    else:
        family = (
            intent.target if intent.head is Head.FAMILY else words.types[intent.target].family)
        types = np.flatnonzero(words.type_family == family).tolist()
    return np.concatenate([catalogue.of_type[number] for number in types])


def perfect(intent: Intent, catalogue: Catalogue) -> Ints:
    """Numbers of the products that `grades` gives a 3, `[n]`."""
    if intent.head is Head.TYPE:
        rows = catalogue.of_type[intent.target]
    else:
        rows = candidates(intent, catalogue)
    if intent.head is Head.USE:
        rows = rows[catalogue.use[rows] == intent.target]
    columns = facet_columns(catalogue)
    for name, value in intent.facets.items():
        rows = rows[columns[name][rows] == value]
    return rows


def grades(intent: Intent, catalogue: Catalogue, products: Ints) -> Ints:
    """Grade of each product for an intent: 3 perfect, 2 and 1 partly, 0 not at all.

    A product of what the head names is a 3 with every facet right, a 2 with one of several
    wrong, else a 1. A near miss of the head (the neighbour of a type; for a use, a type that can
    serve it) is a 1 if every facet is right.

    Args:
        intent: what is asked for.
        catalogue: the products.
        products: numbers of the products to grade, `[n]`.

    Returns:
        Grades `[n]`.
    """
    columns = facet_columns(catalogue)
    right = np.zeros(len(products), dtype=np.int64)
    for name, value in intent.facets.items():
        right += columns[name][products] == value
    asked = len(intent.facets)
    exact, near = _head_match(intent, catalogue, products)
    full = right == asked
    almost = (right == asked - 1) & (asked > 1)
    return exact * (1 + 2 * full + almost) + near * full


def _head_match(intent: Intent, catalogue: Catalogue, rows: Ints) -> tuple[Bools, Bools]:
    words = catalogue.vocabulary
    kind = catalogue.kind[rows]
    if intent.head is Head.TYPE:
        exact = kind == intent.target
        # A neighbour is no answer to the bare noun, and sizes are a matter of the type.
        comparable = bool(intent.facets) and intent.size == NONE
        neighbour = words.type_family[kind] == words.type_family[intent.target]
        return exact, neighbour & ~exact & comparable
    if intent.head is Head.FAMILY:
        exact = words.type_family[kind] == intent.target
        return exact, np.zeros_like(exact)
    exact = catalogue.use[rows] == intent.target
    serves = np.array([intent.target in kind.uses for kind in words.types])
    return exact, serves[kind] & ~exact
