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
    held_out = data.context_table(job.evaluation, data.TEXT_KINDS, TextMeasure.CONTEXTS)
    if not len(pairs) or (pretrained and not len(held_out)):
        _log.info("text: no query or catalogue pairs to learn from; the encoder stays as it is")
        return None
    start = [weight.numpy() for weight in encoder.trainable_weights]
    most = settings.max_text_pairs if pairs.asked.any() else settings.max_made_pairs
    total = min(len(pairs) * settings.epochs, most)
    steps = max(1, total // settings.batch_size)
    compiled = acceleration.compiles_shapes(strategy)
    with strategy.scope():
        extra = extra_products(job, pairs, catalogue, strategy.num_replicas_in_sync, compiled)
        model = text_model(job, encoder, extra, pairs, strategy.num_replicas_in_sync)
        optimizer = adam(settings.learning_rate, steps)
        if encoder.backbone.compute_dtype == "float16":
            optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
        model.compile(optimizer=optimizer)
    encode = BatchEncoder(encoder)
    measure = TextMeasure(encode, held_out, catalogue, job.seed) if len(held_out) else None
    miners = _miners(job, encode, pairs, catalogue, extra, steps, pretrained)
    value = fit(
        job, model, batches.text_batches(
            job.train, settings.batch_size, len(pairs), job.seed,
            job.text.query_tokens if compiled else None),
        label="text", steps=steps, batch_size=settings.batch_size, measure=measure, others=miners)
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
    job: Job, pairs: data.TextPairs, catalogue: tf.RaggedTensor, replicas: int,
    fixed_shapes: bool = False,
) -> ExtraProducts:
    """The products beside the batch, as many as the settings say.

    Without queries that people asked there is nothing judged and nothing to mine for.
    """
    settings = job.training
    rows = settings.batch_size // replicas
    graded = int(settings.graded_negatives * rows) if pairs.asked.any() else 0
    return ExtraProducts(
        catalogue, len(pairs), graded, int(settings.uniform_negatives * rows), fixed_shapes)


def text_model(
    job: Job, encoder: TextEncoder, extra: ExtraProducts, pairs: data.TextPairs, replicas: int,
) -> TextRetrieval:
    """The model of the text phase; in chunks where the batch of a replica is larger than one."""
    settings = job.training
    chunked = settings.batch_size > settings.chunk_size * replicas
    return TextRetrieval(
        encoder, MixedNegativesLoss(settings.temperature, settings.backward_share), extra,
        pairs.share(job.products), settings.chunk_size if chunked else None)


def _miners(
    job: Job, encode: BatchEncoder, pairs: data.TextPairs, catalogue: tf.RaggedTensor,
    extra: ExtraProducts, steps: int, pretrained: bool,
) -> list[Miner]:
    """What mines hard negatives, where the settings and the data ask for any."""
    settings = job.training
    if not extra.graded or not settings.mine_every:
        return []
    return [Miner(
        encode, pairs, catalogue, extra.mined, pool=settings.mine_pool,
        below=settings.mine_below,
        every=max(1, settings.mine_every * len(pairs) // settings.batch_size),
        steps=steps, at_start=pretrained, seed=job.seed, report=_log.info)]
