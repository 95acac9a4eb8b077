"""The first phase of training: the text encoder on pairs of a query and its product."""

from __future__ import annotations

import logging

import tensorflow as tf
import tf_keras as keras

from model import acceleration, batches, data
from model.blending import HALFWAY, SHARES, blend_with_start
from model.encoding import BatchEncoder
from model.features import Kind
from model.fitting import Job, adam, fit
from model.losses import MixedNegativesLoss
from model.mining import Miner
from model.negatives import ExtraProducts
from model.retrieval import TextRetrieval
from model.sizing import Plan, plan_text
from model.text_encoder import TextEncoder
from model.validation import TextMeasure

_log = logging.getLogger("emporium.trainer")


def train_text(
    job: Job, strategy: tf.distribute.Strategy, encoder: TextEncoder,
    catalogue: tf.RaggedTensor, pretrained: bool,
) -> float | None:
    """Trains the encoder on text pairs, in place.

    A pretrained encoder is left as it is where no validation pairs could tell whether training
    made it better.

    Returns:
        Its validation nDCG@10; None where nothing validated what was trained.
    """
    settings = job.training
    pairs = data.text_pairs(job.train, settings.max_text_pairs)
    held_out = data.context_table(job.evaluation, data.TEXT_KINDS, TextMeasure.EXAMPLES)
    if not len(pairs) and not pretrained:
        _log.warning(
            "text: no query or catalogue pairs to learn from, and the encoder has learned nothing "
            "before: what products are called tells it nothing. A pretrained text.preset knows")
        return None
    if not len(pairs):
        _log.info("text: no query or catalogue pairs to learn from; the encoder stays as it is")
        return None
    if pretrained and not len(held_out):
        _log.info(
            "text: %s pairs, but none are held out that could tell whether they teach anything; "
            "the encoder stays as it is", f"{len(pairs):,}")
        return None
    start = [weight.numpy() for weight in encoder.trainable_weights]
    plan = plan_text(settings, len(pairs), bool(pairs.asked.any()))
    _log.info("text: %s pairs, %s", f"{len(pairs):,}", plan)
    replicas = strategy.num_replicas_in_sync
    compiled = acceleration.compiles_shapes(strategy)
    with strategy.scope():
        extra = extra_products(job, pairs, catalogue, plan.batch_size // replicas, compiled)
        model = text_model(job, encoder, extra, pairs, plan.batch_size // replicas)
        optimizer = adam(settings.learning_rate, plan.steps)
        if encoder.backbone.compute_dtype == "float16":
            optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
        model.compile(optimizer=optimizer)
    encode = BatchEncoder(encoder)
    measure = TextMeasure(encode, held_out, catalogue, job.seed) if len(held_out) else None
    miners = _miners(job, encode, pairs, catalogue, extra, plan, pretrained)
    value = fit(
        job, model, batches.text_batches(
            job.train, plan.batch_size, len(pairs), job.seed,
            job.text.query_tokens if compiled else None),
        label="text", plan=plan, measure=measure, others=miners)
    if pretrained and measure is not None:
        # What a catalogue asks of itself does not tell how people ask.
        people = data.count(job.evaluation, (Kind.SEARCH,))
        with strategy.scope():  # Where training measured: another scope would trace anew.
            share, blended = blend_with_start(
                encoder.trainable_weights, start, measure, SHARES if people else HALFWAY)
        _log.info("text: %d%% of what was learned is kept, nDCG@10 %.4f", 100 * share, blended)
        return None if value is None else blended
    return value


def extra_products(
    job: Job, pairs: data.TextPairs, catalogue: tf.RaggedTensor, rows: int,
    fixed_shapes: bool = False,
) -> ExtraProducts:
    """The products beside a replica's `rows` of the batch, as many as the settings say.

    Without queries that people asked there is nothing judged and nothing to mine for.
    """
    settings = job.training
    graded = int(settings.graded_negatives * rows) if pairs.asked.any() else 0
    return ExtraProducts(
        catalogue, len(pairs), graded, int(settings.uniform_negatives * rows), fixed_shapes)


def text_model(
    job: Job, encoder: TextEncoder, extra: ExtraProducts, pairs: data.TextPairs, rows: int,
) -> TextRetrieval:
    """The model of the text phase; in chunks where a replica's `rows` are more than one."""
    settings = job.training
    chunked = rows > settings.chunk_size
    loss = MixedNegativesLoss(settings.temperature, settings.backward_share, settings.logq)
    return TextRetrieval(
        encoder, loss, extra, pairs.share(job.products), settings.chunk_size if chunked else None)


def _miners(
    job: Job, encode: BatchEncoder, pairs: data.TextPairs, catalogue: tf.RaggedTensor,
    extra: ExtraProducts, plan: Plan, pretrained: bool,
) -> list[Miner]:
    """What mines hard negatives, where the settings and the data ask for any."""
    settings = job.training
    if not extra.graded or not settings.mine_every:
        return []
    return [Miner(
        encode, pairs, catalogue, extra.mined, pool=settings.mine_pool,
        below=settings.mine_below,
        every=max(1, settings.mine_every * len(pairs) // plan.batch_size),
        steps=plan.steps, at_start=pretrained, seed=job.seed, report=_log.info)]
