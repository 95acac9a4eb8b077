"""How a phase of training goes through its examples, where settings leave that to their number."""

from __future__ import annotations

import dataclasses
import math

from model.settings import Training

_TEXT_BATCHES = ((3_000, 32), (20_000, 64))
"""Text pairs below which a batch holds so many: three passes are then some hundred steps, where
a batch of 128 would leave a shop of a few hundred pairs less than ten."""

_LARGEST_TEXT_BATCH = 128

_CONTEXT_BATCHES_A_PASS = 150
_CONTEXT_BATCH_RANGE = (32, 256)
_VALIDATE_RANGE = (10, 150)


@dataclasses.dataclass(frozen=True)
class Plan:
    """How a phase goes through its examples.

    Attributes:
        batch_size: examples in a global batch.
        steps: at the most.
        validate_steps: from one validation to the next.
    """

    batch_size: int
    steps: int
    validate_steps: int

    def __str__(self) -> str:
        return f"batches of {self.batch_size}, validated every {self.validate_steps} steps"


def with_batch_sizes(settings: Training, pairs: int, contexts: int) -> Training:
    """The settings with the batch sizes that a shop gets, whatever part of it is trained on.

    Args:
        settings: of a run.
        pairs: text pairs that the shop has to train on.
        contexts: that it has to train on.
    """
    return settings.model_copy(update={
        "batch_size": _text_batch(settings, min(pairs, settings.max_text_pairs)),
        "context_batch_size": _context_batch(settings, min(contexts, settings.max_contexts))})


def plan_text(settings: Training, pairs: int, asked: bool) -> Plan:
    """The plan of the text phase.

    It validates twice a pass, which is six times where there are three passes: one validation
    encodes some 1,400 products, more where queries have many answers, as much work as some 300
    pairs are to train on.

    Args:
        settings: of the training.
        pairs: text pairs trained on.
        asked: whether people asked any of them; else the catalogue made them all.
    """
    batch = _text_batch(settings, pairs)
    most = settings.max_text_pairs
    if not asked:
        most = min(most, settings.max_made_pairs)
    steps = max(1, min(pairs * settings.epochs, most) // batch)
    return Plan(batch, steps, _interval(settings, pairs // batch // 2, steps))


def plan_contexts(settings: Training, contexts: int) -> Plan:
    """The plan of the phase above the encoder, which validates every two passes: ten times in 20.

    Args:
        settings: of the training.
        contexts: that are trained on.
    """
    batch = _context_batch(settings, contexts)
    per_pass = max(1, contexts // batch)
    steps = per_pass * settings.context_epochs
    return Plan(batch, steps, _interval(settings, 2 * per_pass, steps))


def _text_batch(settings: Training, pairs: int) -> int:
    by_size = next(
        (batch for below, batch in _TEXT_BATCHES if pairs < below), _LARGEST_TEXT_BATCH)
    return settings.batch_size or by_size


def _context_batch(settings: Training, contexts: int) -> int:
    """The power of two that makes a pass of about 150 batches."""
    least, most = _CONTEXT_BATCH_RANGE
    nearest = 2 ** round(math.log2(max(1, contexts) / _CONTEXT_BATCHES_A_PASS))
    return settings.context_batch_size or int(min(most, max(least, nearest)))


def _interval(settings: Training, wished: int, steps: int) -> int:
    """Steps between validations: within the range, and such that even a short training has two."""
    least, most = _VALIDATE_RANGE
    every = settings.validate_steps or min(most, max(least, wished))
    return min(every, max(1, steps // 2))
