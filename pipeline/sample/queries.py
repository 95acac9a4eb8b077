"""What shoppers type: an intent in their own words, which are seldom those of the catalogue."""

from __future__ import annotations

import collections
import dataclasses
import random

import numpy as np

from pipeline.sample.catalogue import NONE, Catalogue, Ints
from pipeline.sample.intents import Head, Intent, candidates, facet_columns, grades, perfect
from pipeline.sample.randomness import stream, word_stream
from pipeline.sample.vocabulary import Vocabulary
from pipeline.sample.wording import fill

PERFECT_AT_MOST = 16
"""A query that more products answer perfectly is narrowed by one more facet, if there is one."""

_FACET_WEIGHT = {
    "colour": 3.0, "style": 3.0, "material": 2.0, "tier": 2.0, "use": 2.0, "brand": 1.0,
    "size": 1.0}
_HEADS = ((Head.TYPE, 0.78), (Head.USE, 0.13), (Head.FAMILY, 0.09))
_CATALOGUE_NOUN = 0.5  # share of shoppers who happen to use the catalogue's word
_MISSPELT = 0.06
_MOST = 20_000
_VALIDATION = 0.09
_TRAIN = 0.18


@dataclasses.dataclass(frozen=True)
class Query:
    """A query, what is meant by it and where it may appear.

    `split` is train or validation if it is judged, else "": only the log has it. Validation
    queries never appear in the log.
    """

    text: str
    intent: Intent
    phrase: str
    """The words that stand for the head, as spelt right and in the singular."""
    split: str = ""


def draw_queries(catalogue: Catalogue, seed: int) -> list[Query]:
    """Draws about 1.2 different queries a product and says which are judged, in which split.

    Every phrase of a validation query is that of a train query too, so that its meaning can be
    learned there; the strings differ.
    """
    count = min(_MOST, len(catalogue) * 6 // 5)
    rng = stream(seed, "queries")
    words = word_stream(seed, "queries")
    weight = np.exp(0.6 * catalogue.appeal)
    targets = rng.choice(len(catalogue), count, p=weight / weight.sum())
    drawn: dict[str, Query] = {}
    for target in targets.tolist():
        intent, phrase, head = _draw_intent(catalogue, target, words)
        text = _wording(catalogue.vocabulary, intent, head, words)
        drawn.setdefault(text, Query(text, intent, phrase))
    return _split(list(drawn.values()), rng)


def _draw_intent(
        catalogue: Catalogue, target: int, words: random.Random) -> tuple[Intent, str, str]:
    """An intent that product `target` answers perfectly, its phrase, and that as it is typed."""
    vocabulary = catalogue.vocabulary
    kind = vocabulary.types[catalogue.kind[target]]
    head = words.choices([head for head, _ in _HEADS], [share for _, share in _HEADS])[0]
    if head is Head.TYPE:
        number = int(catalogue.kind[target])
        own = words.random() < _CATALOGUE_NOUN or not kind.said
        phrase = words.choice(kind.names if own else kind.said)
    elif head is Head.FAMILY:
        number, phrase = kind.family, words.choice(vocabulary.families[kind.family].said)
    else:
        number = int(catalogue.use[target])
        phrase = words.choice(vocabulary.uses[number].alone)
    several = head is Head.TYPE and words.random() < 0.2
    typed = vocabulary.grammar.plural(phrase) if several else phrase
    intent = Intent(head, number)
    asked: dict[str, int] = {}
    available = _facets_of(catalogue, target, head)
    wanted = words.choices((0, 1, 2), (0.2, 0.5, 0.3))[0]
    while available:
        if len(asked) >= wanted and len(perfect(intent, catalogue)) <= PERFECT_AT_MOST:
            break
        names = list(available)
        name = words.choices(names, [_FACET_WEIGHT[name] for name in names])[0]
        asked[name] = available.pop(name)
        intent = Intent(head, number, **asked)
    return intent, phrase, typed


def _facets_of(catalogue: Catalogue, target: int, head: Head) -> dict[str, int]:
    values = {
        name: int(column[target]) for name, column in facet_columns(catalogue).items()}
    if head is not Head.TYPE:
        del values["size"]  # a matter of one type
    if head is Head.USE:
        # "Gift for gardener" may be cheap or novel; nobody asks for a metal one.
        del values["use"], values["colour"], values["material"]
    tier = catalogue.vocabulary.tiers[values["tier"]]
    if not tier.said:  # nobody asks for the middle
        del values["tier"]
    return {name: value for name, value in values.items() if value != NONE}


def _wording(vocabulary: Vocabulary, intent: Intent, head: str, words: random.Random) -> str:
    shades = {"colour": vocabulary.colours, "material": vocabulary.materials}
    slots = dict.fromkeys(("tier", "style", "colour", "material", "brand", "size", "use"), "")
    for name, value in intent.facets.items():
        if name in shades:
            said = next(shade.said for shade in shades[name] if shade.kind == value)
        elif name == "brand":
            said = (vocabulary.brands[value],)
        elif name == "size":
            said = (vocabulary.types[intent.target].sizes[value],)
        elif name == "use":
            said = vocabulary.uses[value].suffix
        else:
            said = (vocabulary.tiers if name == "tier" else vocabulary.styles)[value].said
        slots[name] = words.choice(said)
    text = fill(words.choice(vocabulary.phrases.queries), {**slots, "head": head}).lower()
    mistakes = [
        (word, wrong) for word in head.lower().split()
        if (wrong := vocabulary.grammar.misspell(word, vocabulary.homophones))]
    if mistakes and words.random() < _MISSPELT:
        text = text.replace(*words.choice(mistakes), 1)
    return text


def _split(queries: list[Query], rng: np.random.Generator) -> list[Query]:
    """Marks the judged queries; a validation query needs a train query of the same phrase."""
    by_phrase: dict[str, list[int]] = collections.defaultdict(list)
    order = rng.permutation(len(queries)).tolist()
    for number in order:
        by_phrase[queries[number].phrase].append(number)
    validation, train = round(_VALIDATION * len(queries)), round(_TRAIN * len(queries))
    split: dict[int, str] = {}
    for number in order:
        peers = by_phrase[queries[number].phrase]
        if validation and number not in split and len(peers) > 1:
            split[number] = "validation"
            peers.remove(number)
            split[peers[0]] = "train"
            validation -= 1
    missing = train - sum(part == "train" for part in split.values())
    for number in [number for number in order if number not in split][:max(missing, 0)]:
        split[number] = "train"
    return [
        dataclasses.replace(query, split=split.get(number, ""))
        for number, query in enumerate(queries)]


def judged_products(
        query: Query, catalogue: Catalogue, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """The products that a judge saw for a query, and their grades.

    Validation queries are judged more deeply than train queries. The best are always among what
    is judged; some that do not answer at all, mostly from the same department, are too.

    Returns:
        Numbers of products `[n]` and grades `[n]`.
    """
    depth, wrong = (60, 12) if query.split == "validation" else (14, 4)
    rows = rng.permutation(candidates(query.intent, catalogue))
    grade = grades(query.intent, catalogue, rows)
    best = rows[np.argsort(-grade, kind="stable")][:depth]
    others = np.concatenate([
        rng.choice(rows, min(wrong, len(rows)), replace=False),
        rng.integers(len(catalogue), size=wrong // 2)])
    seen = rng.permutation(np.unique(np.concatenate([best, others])))
    return seen, grades(query.intent, catalogue, seen)
