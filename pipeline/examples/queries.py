"""One query's judgments and events -> training examples, a validation context, popularity.

Grades. A grade is divided by the table's largest; two thirds of it or more make a positive, with
the quotient as weight. So 2 of 0..3 and 4 of 1..5 are positives, as are raters' means of 1.33 on
0..2 (the comparison allows for grades rounded to two decimals). In validation every grade over 0
is a gain, so that lesser answers still count for less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import apache_beam as beam

from pipeline.cjk import count_words
from pipeline.config import Examples
from pipeline.examples.histories import QueryPair, choose_positives, with_target
from pipeline.examples.records import SEARCH, TRAIN, Context, Draft, Judgment
from pipeline.examples.split import unit_hash

POSITIVE_GRADE = 0.66
"""Share of the largest grade from which on a judged product is a positive."""

MAX_GAIN = 5.0
"""Gains of larger scales (percent, say) are scaled down to it: nDCG raises 2 to their power."""

MAX_NEGATIVES = 256
"""Judged products that an example carries beside its positives. A step takes one of them as a
column of its own, and of the others those that are partly right for no plain negatives."""

SHORT_QUERY_WORDS = 2


class JudgmentFacts(NamedTuple):
    """What must be known of all judgments: their largest grade, and whether any validates."""

    max_grade: float
    validates: bool


class GatherJudgmentFacts(beam.CombineFn):
    """Combines `Judgment`s into `JudgmentFacts`."""

    def create_accumulator(self) -> JudgmentFacts:
        """The facts of no judgment."""
        return JudgmentFacts(0.0, False)

    def add_input(self, mutable_accumulator: JudgmentFacts, element: Judgment) -> JudgmentFacts:
        """Takes a judgment into account."""
        return JudgmentFacts(
            max(mutable_accumulator.max_grade, element.grade),
            mutable_accumulator.validates or element.split == "validation")

    def merge_accumulators(self, accumulators: Iterable[JudgmentFacts]) -> JudgmentFacts:
        """The facts of several parts."""
        parts = list(accumulators)
        return JudgmentFacts(
            max((part.max_grade for part in parts), default=0.0),
            any(part.validates for part in parts))

    def extract_output(self, accumulator: JudgmentFacts) -> JudgmentFacts:
        """The accumulator is the answer."""
        return accumulator


class QueryGroup(NamedTuple):
    """All that is known of one normalised query.

    Attributes:
        normalised: the query under which the others were grouped.
        text: the query as somebody typed it.
        validates: whether it is a validation query, which trains nothing.
        grades: product id -> grade as a share of the largest, the best where judged twice.
        scale: the largest grade.
        wanted: product id -> strongest weight over events that may train.
        wanted_later: product ids wanted beyond a boundary.
    """

    normalised: str
    text: str
    validates: bool
    grades: dict[str, float]
    scale: float
    wanted: dict[str, float]
    wanted_later: tuple[str, ...]

    def judged_positives(self) -> dict[str, float]:
        """Product id -> weight of the judged products that are positives."""
        return {p: grade for p, grade in self.grades.items() if grade >= POSITIVE_GRADE}

    def judged_others(
        self, positives: Mapping[str, float], seed: int
    ) -> list[tuple[str, float]]:
        """(product id, grade) of the judged products that are no positives.

        Those that raters gave something first, which must not be taken for plain negatives; both
        parts in an order by a hash that differs between queries.
        """
        return sorted(
            ((p, grade) for p, grade in self.grades.items() if p not in positives),
            key=lambda judged: (
                judged[1] <= 0,
                unit_hash(seed, f"negative of {self.normalised}", judged[0])))


def read_query_group(
    normalised: str,
    judgments: Iterable[Judgment],
    pairs: Iterable[QueryPair],
    facts: JudgmentFacts,
    settings: Examples,
    seed: int,
) -> QueryGroup:
    """Gathers a query's judgments and events and decides whether it validates."""
    texts: set[str] = set()
    splits: set[str] = set()
    grades: dict[str, float] = {}
    for judgment in judgments:
        texts.add(judgment.query)
        splits.add(judgment.split)
        grade = judgment.grade / facts.max_grade if facts.max_grade > 0 else 0.0
        grades[judgment.product_id] = max(grade, grades.get(judgment.product_id, 0.0))
    wanted: dict[str, float] = {}
    later: set[str] = set()
    for pair in pairs:
        texts.add(pair.query)
        if pair.later:
            later.add(pair.product_id)
        else:
            wanted[pair.product_id] = max(pair.weight, wanted.get(pair.product_id, 0.0))
    hashed = unit_hash(seed, "query", normalised) < settings.validation_fraction
    judged_by_column = bool(splits) and facts.validates
    return QueryGroup(
        normalised=normalised,
        text=min(texts),
        validates="validation" in splits if judged_by_column else hashed,
        grades=grades,
        scale=facts.max_grade,
        wanted=wanted,
        wanted_later=tuple(sorted(later)),
    )


def query_drafts(group: QueryGroup, seed: int) -> Iterator[Draft]:
    """Search examples of a training query: its judged positives and what was wanted after it.

    A product that raters gave nothing is no positive, however often it was clicked. What they
    judged and is no positive goes along with each example: a half good product is not as wrong as
    one that nobody looked at, even where the example's own was but clicked.
    """
    if group.validates:
        return
    weights = {p: weight for p, weight in group.wanted.items() if group.grades.get(p) != 0}
    for product_id, weight in group.judged_positives().items():
        weights[product_id] = max(weight, weights.get(product_id, 0.0))
    positives = choose_positives(weights, group.normalised, seed)
    others = tuple(group.judged_others(weights, seed)[:MAX_NEGATIVES])
    for product_id in sorted(weights):
        yield Draft(
            split=TRAIN,
            kind=SEARCH,
            product_id=product_id,
            positives=with_target(positives, product_id),
            weight=weights[product_id],
            query=group.text,
            negatives=others,
        )


def query_context(group: QueryGroup, timed: bool, seed: int) -> Context | None:
    """The context of a validation query, or None where nothing relevant is known.

    Judged queries are answered by their grades. Others are answered by what was wanted after the
    cut, each product with gain 1; without real times there is no after, and since the query trains
    nothing, all its events answer.
    """
    if not group.validates:
        return None
    if group.grades:
        top = min(group.scale, MAX_GAIN)
        gains = {p: round(grade * top, 4) for p, grade in group.grades.items() if grade > 0}
        positives = group.judged_positives()
    else:
        wanted = set(group.wanted_later) | (set() if timed else set(group.wanted))
        gains = dict.fromkeys(sorted(wanted), 1.0)
        positives = gains
    if not gains:
        return None
    best_first = sorted(positives.items(), key=lambda pair: (-pair[1], pair[0]))
    return Context(
        kind=SEARCH,
        source=SEARCH,
        order=unit_hash(seed, "context", group.normalised),
        gains=dict(sorted(gains.items())),
        positives=tuple(best_first),
        slices=query_slices(group.normalised),
        query=group.text,
    )


def query_slices(query: str) -> tuple[str, ...]:
    """Slices of a search context."""
    return ("short_query",) if count_words(query) <= SHORT_QUERY_WORDS else ()


def judged_wants(group: QueryGroup) -> tuple[str, ...]:
    """Popularity where no event tells it: the judged positives of a training query."""
    return () if group.validates else tuple(sorted(group.judged_positives()))
