"""The settings of the model room: what each is, its range, its default and why."""

from __future__ import annotations

from typing import Any, Literal

import pydantic
from pydantic import Field


class Section(pydantic.BaseModel):
    """A group of settings: unknown names are refused, values never change."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


def listed(names: Any) -> Any:
    """Makes a list of what is written with commas, as on a command line."""
    return [name.strip() for name in names.split(",")] if isinstance(names, str) else names


class Text(Section):
    """How text becomes tokens, and which encoder reads them."""

    preset: str = Field(
        "minilm",
        description="minilm or tiny (English), tiny_zh (Chinese, trained from nothing), a KerasNLP "
        "preset name (bert_base_zh, bert_base_multi) or the folder of a local checkpoint.")
    query_tokens: int = Field(24, ge=4, le=512, description="Tokens of a query, at the most.")
    profile_tokens: int = Field(64, ge=4, le=512, description="Tokens of a profile, at the most.")
    product_tokens: int = Field(
        64, ge=8, le=512,
        description="Tokens of a product, at the most; cost grows with it in proportion.")


class Training(Section):
    """How the towers are trained."""

    batch_size: int | None = Field(
        None, ge=2, le=65_536,
        description="Text pairs in a global batch; also the number of in-batch candidates. By data "
        "size: 32 below 3,000 text pairs, 64 below 20,000, else 128.")
    epochs: int = Field(3, ge=1, le=1_000, description="Passes over the text pairs, at the most.")
    max_text_pairs: int = Field(
        80_000, ge=100,
        description="Text pairs trained on, over all passes, at the most: they take nearly all "
        "of a run's time.")
    max_made_pairs: int = Field(
        25_600, ge=100,
        description="The same where a catalogue made all of the queries itself: they do not teach "
        "how people ask, and what else they teach is soon learned.")
    learning_rate: float = Field(1e-4, gt=0, le=1, description="Peak rate of the text encoder.")
    temperature: float = Field(0.05, gt=0, le=10, description="Divides the cosine of the towers.")
    logq: float = Field(
        1.0, ge=0, le=1,
        description="Share of the logarithm of the probability with which a negative is drawn that "
        "is taken from its score (logQ); with 0 popular products are pushed down for being drawn.")
    backward_share: float = Field(
        0.2, ge=0, lt=1,
        description="Share of the loss that looks for a product's queries among the batch's, the "
        "rest for a query's product; what it adds costs nothing, but nobody searches that way.")
    graded_negatives: float = Field(
        0.25, ge=0, le=1,
        description="Products beside the batch that were judged or mined for one of its "
        "queries, as a share of it; with the uniform ones a step costs 1.4 of one without.")
    uniform_negatives: float = Field(
        0.125, ge=0, le=1,
        description="Products beside the batch drawn from the catalogue, as a share of it: what "
        "nobody wanted yet is told from answers too.")
    mine_every: int = Field(
        1, ge=0, le=1_000,
        description="Passes from one mining of hard negatives to the next, half of the training at "
        "the most; 0 mines none.")
    mine_pool: int = Field(
        10_000, ge=100, le=10_000_000,
        description="Products among which is mined, at the most: encoding as many takes a minute "
        "on two cores.")
    mine_below: float = Field(
        0.95, gt=0, le=1,
        description="Share of its answer's score that a mined product may reach; above it stand "
        "answers that nobody marked.")
    chunk_size: int = Field(
        256, ge=1, le=65_536,
        description="Largest batch on one device whose step is held whole, which is 2.4 texts a "
        "pair. In float32 minilm takes some 10 MB for one of 64 tokens. A larger batch is encoded "
        "twice, in chunks of so many texts, for a third more time.")
    context_batch_size: int | None = Field(
        None, ge=2, le=65_536,
        description="Contexts in a global batch. By data size: the power of two nearest to a "
        "150th of the contexts, from 32 to 256.")
    context_epochs: int = Field(
        20, ge=1, le=1_000, description="Passes over the contexts, at the most.")
    context_learning_rate: float = Field(
        1e-3, gt=0, le=1, description="Peak rate of the parts above the text encoder.")
    max_contexts: int = Field(
        1_000_000, ge=100, description="Contexts held in memory, at the most: 1 GB or so.")
    max_negatives: int = Field(
        10_000, ge=10,
        description="Products that a context is told from in a step; where training contexts want "
        "or hold no more, all of these, else a sample.")
    residual_rank: int = Field(
        64, ge=1, le=4_096, description="Columns of what is learned about each product by id.")
    residual_dropout: float = Field(
        0.2, ge=0, lt=1, description="Share of those dropped in training, so that text counts.")
    history_layers: int = Field(
        2, ge=0, le=24,
        description="Layers of the Transformer over a history; 0 leaves a mean weighted by place, "
        "event and age.")
    event_dropout: float = Field(
        0.3, ge=0, lt=1,
        description="Share of contexts trained on as if nobody knew what was done with the "
        "products of the history and when: requests may know ids alone.")
    validate_steps: int | None = Field(
        None, ge=1,
        description="Steps between two validations; half of a training's at the most. By data "
        "size: those of half a pass over the text pairs, of two over the contexts, from 10 to 150.")
    patience: int = Field(
        4, ge=1, le=100, description="Validations without a better nDCG@10 before training stops.")
    strategy: Literal["auto", "cpu", "gpu", "mirrored", "tpu"] = Field(
        "auto", description="tf.distribute strategy; auto takes what the machine has.")
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = Field(
        "auto", description="Keras mixed precision; auto takes what the hardware speeds up.")
    profile: bool = Field(False, description="Write a TensorBoard profile of ten training steps.")


MOST_TUNING_MINUTES = 10_080
"""A week."""


class Tuning(Section):
    """How `emporium tune` looks for better training settings; a run reads none of this."""

    minutes: float = Field(
        30, gt=0, le=MOST_TUNING_MINUTES,
        description="Minutes for trials altogether, those before an interruption included; the "
        "first, of the settings as they are, is finished in any case.")
    trials: int = Field(
        60, ge=1, le=10_000,
        description="Trials, at the most. Of 60 random ones the best is among the best twentieth "
        "of all with a probability of 95% (1 - 0.95^60).")
    text_pairs: int = Field(
        10_000, ge=100,
        description="Text pairs that a trial trains on, over all passes, at the most: an eighth "
        "of a run's by default, since settings differ long before training ends.")
    contexts: int = Field(
        200_000, ge=100,
        description="Contexts that a trial trains on, over all passes, at the most.")
