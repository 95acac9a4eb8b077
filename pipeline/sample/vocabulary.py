"""The words of the sample shop: one YAML file a language, read into numbered tuples.

Everything that refers to something else does so by its position, so that the generator can work
on arrays of integers and look the words up last.
"""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from pipeline.sample.languages import GRAMMARS, Grammar

ENGLISH = pathlib.Path(__file__).with_name("english.yaml")
CHINESE = pathlib.Path(__file__).with_name("chinese.yaml")

LANGUAGES = {"en": ENGLISH, "zh": CHINESE}
"""File of each language, by its code."""

Words = tuple[str, ...]
Indices = tuple[int, ...]


class VocabularyError(ValueError):
    """A vocabulary file lacks a part or refers to something that it does not define."""


@dataclasses.dataclass(frozen=True)
class ProductType:
    """A kind of product: its catalogue noun, what shoppers call it, what it is made of."""

    key: str
    family: int
    department: int
    names: Words
    said: Words
    price: tuple[float, float]
    materials: Indices
    sizes: Words
    uses: Indices
    goes_with: Indices
    features: Words


@dataclasses.dataclass(frozen=True)
class Family:
    """The second step of a category path, and the wider words that shoppers have for it."""

    name: str
    department: int
    said: Words


@dataclasses.dataclass(frozen=True)
class Department:
    """The first step of a category path; `season` holds the demand of twelve months."""

    name: str
    season: tuple[float, ...]
    profile: Words
    brands: Indices
    colours: Indices


@dataclasses.dataclass(frozen=True)
class Shade:
    """A colour or material of the catalogue, and the number and words of its everyday kind."""

    name: str
    kind: int
    said: Words


@dataclasses.dataclass(frozen=True)
class Leaning:
    """A price level or a style: asked for with `said`, hinted at by `hints` in a description."""

    said: Words
    hints: Words
    profile: Words


@dataclasses.dataclass(frozen=True)
class Use:
    """What a product is wanted for: whole queries, what follows a noun, the catalogue's hints."""

    key: str
    alone: Words
    suffix: Words
    hints: Words


@dataclasses.dataclass(frozen=True)
class Phrases:
    """Patterns with {slots}, and sentences that need none."""

    titles: Words
    opening: Words
    plain_opening: Words
    more: Words
    queries: Words
    profile_brand: Words
    profile_second: Words
    profile_colour: Words
    reviews: tuple[Words, Words, Words]


@dataclasses.dataclass(frozen=True)
class Columns:
    """What the shop calls the attributes of products, and a column of its own, `warranty`."""

    colour: str
    material: str
    size: str
    line: str
    warranty: str


@dataclasses.dataclass(frozen=True)
class Members:
    """Attributes of shoppers: where they live, and whether they get letters."""

    place: str
    places: Words
    letter: str
    yes: str
    no: str


@dataclasses.dataclass(frozen=True)
class DirtWords:
    """What stands in a table where it should not; `markup` holds {} for the text."""

    placeholders: Words
    """Titles that stand for no product."""
    prices: Words
    quantities: Words
    grades: Words
    dates: Words
    markup: Words


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """All words of one language."""

    language: str
    types: tuple[ProductType, ...]
    families: tuple[Family, ...]
    departments: tuple[Department, ...]
    brands: Words
    lines: Words
    colours: tuple[Shade, ...]
    materials: tuple[Shade, ...]
    tiers: tuple[Leaning, ...]
    styles: tuple[Leaning, ...]
    uses: tuple[Use, ...]
    phrases: Phrases
    columns: Columns
    members: Members
    dirt: DirtWords
    homophones: Mapping[str, str]
    """Characters that are mistaken for others of the same sound."""

    @property
    def grammar(self) -> Grammar:
        """The rules of the language."""
        return GRAMMARS[self.language]

    @functools.cached_property
    def type_department(self) -> npt.NDArray[np.int64]:
        """Department of each product type, `[types]`."""
        return np.array([kind.department for kind in self.types])

    @functools.cached_property
    def type_family(self) -> npt.NDArray[np.int64]:
        """Family of each product type, `[types]`."""
        return np.array([kind.family for kind in self.types])


@functools.lru_cache(maxsize=4)
def load_vocabulary(path: pathlib.Path = ENGLISH) -> Vocabulary:
    """Reads and checks a vocabulary file.

    Raises:
        VocabularyError: a part is missing, or a name is used that the file does not define.
    """
    try:
        return _parse(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise VocabularyError(f"{path}: cannot be read as YAML: {error}") from error
    except KeyError as error:
        raise VocabularyError(f"{path}: nothing is called {error}: define it there") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise VocabularyError(f"{path}: {error}") from error


def _parse(tree: Mapping[str, Any]) -> Vocabulary:
    colours = tuple(
        Shade(name, kind, (said,))
        for kind, (said, names) in enumerate(tree["colours"].items()) for name in names)
    materials = tuple(
        Shade(name, kind, tuple(entry["said"]))
        for kind, entry in enumerate(tree["materials"]) for name in entry["names"])
    departments: list[Department] = []
    families: list[Family] = []
    brands: list[str] = []
    raw_types: dict[str, tuple[int, int, Mapping[str, Any]]] = {}
    colour_number = _numbers(colour.name for colour in colours)
    for number, entry in enumerate(tree["departments"]):
        first = len(brands)
        brands.extend(entry["brands"])
        departments.append(Department(
            name=entry["name"],
            season=tuple(float(entry["peak"].get(month, 1.0)) for month in range(1, 13)),
            profile=tuple(entry["profile"]),
            brands=tuple(range(first, len(brands))),
            colours=tuple(colour_number[colour] for colour in entry["colours"])))
        for name, family in entry["families"].items():
            for key, kind in family["types"].items():
                if key in raw_types:
                    raise ValueError(f"product type {key!r} is defined twice")
                raw_types[key] = (number, len(families), kind)
            families.append(Family(name, number, tuple(family["said"])))
    type_number = _numbers(raw_types)
    material_number = _numbers(material.name for material in materials)
    use_number = _numbers(tree["uses"])
    if tree["language"] not in GRAMMARS:
        raise ValueError(
            f"language should be one of {', '.join(GRAMMARS)}. Received: {tree['language']!r}")
    return Vocabulary(
        language=tree["language"],
        types=tuple(
            ProductType(
                key=key, family=family, department=department,
                names=tuple(kind["names"]), said=tuple(kind["said"]),
                price=(float(kind["price"][0]), float(kind["price"][1])),
                materials=tuple(material_number[name] for name in kind["materials"]),
                sizes=tuple(kind["sizes"]),
                uses=tuple(use_number[name] for name in kind["uses"]),
                goes_with=tuple(type_number[name] for name in kind["goes_with"]),
                features=tuple(kind["features"]))
            for key, (department, family, kind) in raw_types.items()),
        families=tuple(families), departments=tuple(departments), brands=tuple(brands),
        lines=tuple(tree["lines"]), colours=colours, materials=materials,
        tiers=tuple(_leaning(entry) for entry in tree["tiers"]),
        styles=tuple(_leaning(entry) for entry in tree["styles"]),
        uses=tuple(
            Use(key, tuple(entry["alone"]), tuple(entry["suffix"]), tuple(entry["hints"]))
            for key, entry in tree["uses"].items()),
        phrases=_phrases(tree),
        columns=Columns(**tree["columns"]),
        members=Members(**{**tree["members"], "places": tuple(tree["members"]["places"])}),
        dirt=DirtWords(**{name: tuple(words) for name, words in tree["dirt"].items()}),
        homophones=tree["homophones"])


def _phrases(tree: Mapping[str, Any]) -> Phrases:
    sentences, profiles, reviews = tree["sentences"], tree["profiles"], tree["reviews"]
    return Phrases(
        titles=tuple(tree["titles"]),
        opening=tuple(sentences["opening"]),
        plain_opening=tuple(sentences["plain_opening"]),
        more=tuple(sentences["more"]),
        queries=tuple(tree["queries"]["patterns"]),
        profile_brand=tuple(profiles["brand"]),
        profile_second=tuple(profiles["second"]),
        profile_colour=tuple(profiles["colour"]),
        reviews=(tuple(reviews["poor"]), tuple(reviews["fair"]), tuple(reviews["good"])))


def _leaning(entry: Mapping[str, Any]) -> Leaning:
    return Leaning(tuple(entry["said"]), tuple(entry.get("hints", ())), tuple(entry["profile"]))


def _numbers(names: Iterable[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}
