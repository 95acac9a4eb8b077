"""How the catalogue words a product: its row of the products table."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pipeline.sample.catalogue import NONE, Catalogue

Row = dict[str, Any]

_MISSING = {"description": 0.05, "brand": 0.02, "price": 0.02}  # optional


def fill(pattern: str, slots: Mapping[str, str]) -> str:
    """Fills the {slots} of a pattern; those without a word leave no gap behind."""
    return " ".join(pattern.format_map(slots).split())


def product_row(catalogue: Catalogue, index: int, rng: random.Random) -> Row:
    """A row of the products table; optional columns are absent now and then."""
    words = catalogue.vocabulary
    grammar, columns = words.grammar, words.columns
    kind = words.types[catalogue.kind[index]]
    material = _name(words.materials, int(catalogue.material[index]))
    colour = _name(words.colours, int(catalogue.colour[index]))
    size = kind.sizes[catalogue.size[index]] if kind.sizes else ""
    brand = words.brands[catalogue.brand[index]]
    line = words.lines[catalogue.line[index]]
    family = words.families[kind.family]
    noun = rng.choice(kind.names)
    row: Row = {
        "product_id": catalogue.product_id(index),
        "title": fill(rng.choice(words.phrases.titles), {
            "brand": brand, "line": line, "noun": grammar.title_case(noun), "size": size,
            "colour": colour, "material": grammar.title_case(material)}),
        "description": _description(catalogue, index, noun, rng),
        "brand": brand,
        "category": " > ".join((
            words.departments[kind.department].name, family.name,
            grammar.title_case(grammar.plural(noun)))),
        "price": float(catalogue.price[index]),
        "attributes": {
            name: value for name, value in (
                (columns.colour, colour), (columns.material, material), (columns.size, size),
                (columns.line, line))
            if value},
        "created_at": int(catalogue.created[index]),
        columns.warranty: rng.choice((1, 2, 2, 3, 5)),  # a column that the contract does not name
    }
    return {
        name: value for name, value in row.items() if rng.random() >= _MISSING.get(name, 0.0)}


def _description(catalogue: Catalogue, index: int, noun: str, rng: random.Random) -> str:
    """One to three sentences; style and use are hinted at in some, and otherwise left unsaid."""
    words = catalogue.vocabulary
    kind = words.types[catalogue.kind[index]]
    material = _name(words.materials, int(catalogue.material[index]))
    brand = int(catalogue.brand[index])
    feature, other = rng.sample(kind.features, 2)
    slots = {
        "noun": noun, "material": material, "feature": feature, "other": other,
        "brand": words.brands[brand], "line": words.lines[catalogue.line[index]]}
    opening = words.phrases.opening if material else words.phrases.plain_opening
    sentences = [fill(rng.choice(opening), slots)]
    # What differs from the brand's house style is worth a word; the house style seldom is.
    style = int(catalogue.style[index])
    if rng.random() < (0.3 if style == catalogue.brand_style[brand] else 0.8):
        sentences.append(rng.choice(words.styles[style].hints))
    if rng.random() < 0.45:
        sentences.append(rng.choice(words.uses[catalogue.use[index]].hints))
    if len(sentences) == 1 or (len(sentences) == 2 and rng.random() < 0.5):
        sentences.insert(1, fill(rng.choice(words.phrases.more), slots))
    return words.grammar.gap.join(map(words.grammar.sentence_case, sentences))


def _name(shades: tuple[Any, ...], number: int) -> str:
    return "" if number == NONE else str(shades[number].name)
