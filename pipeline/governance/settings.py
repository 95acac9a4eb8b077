"""What a person decides about governance."""

from __future__ import annotations

import pydantic
from pydantic import Field

from model.settings import Section, listed


class Governance(Section):
    """How the tables are governed."""

    rules_off: tuple[str, ...] = Field(
        (), description="Names of rules, as the report shows them, whose findings are left alone.")
    released: tuple[str, ...] = Field(
        (), description="Ids of decisions, as the log shows them, that are not to be made.")
    merge_duplicates: bool = Field(
        True,
        description="Products that are in the catalogue more than once, worded a little "
        "differently, are merged into one; the ids of the others go on working.")
    judge: bool = Field(
        False,
        description="Products are read for noise that no rule finds: nonsense, cut or swapped "
        "titles, shuffled descriptions, wrong brands and categories, prices far off. Brands and "
        "categories are replaced where the rest of the product says by what; of the rest the "
        "report tells. Off: it learns the shop's language first, which takes minutes.")
    infer: bool = Field(
        False,
        description="Brands and attributes that titles and descriptions tell are filled in where "
        "they are missing. Off: learning to read them takes minutes, and what it does for ranking "
        "has not been measured.")
    infer_precision: float = Field(
        0.9, gt=0, lt=1,
        description="Share of the inferred values of a column that should be right; what known "
        "rows do not show to be so sure is left empty.")
    label_errors: bool = Field(
        False,
        description="Judgements whose grade is likely wrong are set aside, by what is known of "
        "the others. Off: worth it where grades are known to be noisy; on clean ones it takes a "
        "few right ones away.")
    min_quality: float = Field(
        0.5, ge=0, le=1,
        description="Share of a table's rows without a severe finding, below which the run stops. "
        "Half: raw invoice exports have a few percent of such rows, and a table of which every "
        "second row is wrong was exported wrongly.")

    schemas: str = Field(
        "",
        description="Folder of schemas that a person edited, TABLE.pbtxt as reports/schema/ has "
        "them: what the tables should be like. A run stops where one is not; empty for none.")
    max_drift: float = Field(
        0.2, gt=0, le=1,
        description="Columns that moved farther since the data of the live model are told: a "
        "value's share of the rows, or, of numbers, the Jensen-Shannon divergence. Two random "
        "halves of a table of 1,000 rows differ by less than 0.1.")

    _listed = pydantic.field_validator("rules_off", "released", mode="before")(listed)
