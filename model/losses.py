"""The loss of both retrieval models: a corrected softmax over negatives of several sources."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

_EXCLUDED = -1e30
"""Logit of a masked column: its exponential is 0, and it stays finite where it is scaled."""

_LEAST_PROBABILITY = 1e-12


@dataclasses.dataclass(frozen=True)
class Candidates:
    """Columns that all rows of a batch share; column i is the positive of row i.

    Attributes:
        vectors: float `[candidates, dim]`; the first `batch` are the rows' own.
        mask: which columns are a row's own or its negatives, bool `[batch, candidates]`; see
            `model.masks`.
        probability: with which each is drawn, float `[candidates]`, see `mixture_probability`;
            None where the columns are all there is, and nothing is drawn.
    """

    vectors: tf.Tensor
    mask: tf.Tensor
    probability: tf.Tensor | None = None


@dataclasses.dataclass(frozen=True)
class GradedColumns:
    """Columns that one row each has for itself: products judged or mined for its query.

    Attributes:
        vectors: float `[columns, dim]`.
        row: whose column it is, int32 `[columns]`; -1 leaves the column out.
        grade: share of the largest grade, 0 for a product that is no answer, float `[columns]`.
    """

    vectors: tf.Tensor
    row: tf.Tensor
    grade: tf.Tensor


@dataclasses.dataclass(frozen=True)
class Askers:
    """The other direction: contexts among which a product finds its own.

    Attributes:
        vectors: float `[contexts, dim]`; the first `batch` are the rows' own.
        mask: which of them are the own one or do not want the product of a row, bool
            `[batch, contexts]`.
    """

    vectors: tf.Tensor
    mask: tf.Tensor


class MixedNegativesLoss:
    """Cross-entropy of a softmax over in-batch, uniform, judged and mined products.

    *Shared columns* are drawn, in the batch by what shoppers want and uniformly from the catalogue.
    Subtracting the logarithm of the probability with which the mixture of both draws a column
    (logQ; Yi et al. 2019, "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item
    Recommendations"; Yang et al. 2020 for the mixture) makes the softmax that of the catalogue.

    *Graded columns* are not drawn but fetched for one row's query. Given that the choice is between
    the row's product and one fetched for the same query, a softmax model says exp(s) : exp(s'),
    whatever else there is (Luce 1959), and no proposal stands between the two. The column therefore
    gets the correction of the row's own product, so that it cancels between them. It enters no
    other row, for which it would be a draw of unknown probability.

    *Grades.* A row's target is one distribution: its product and its graded columns in proportion
    to their grades, 0 for mined and irrelevant ones, all else 0. That is the cost of ListNet (Cao
    et al. 2007, "Learning to Rank: From Pairwise Approach to Listwise Approach") with the grades
    themselves as worths; normalised so, it bounds nDCG (Bruch et al. 2019, "An Analysis of the
    Softmax Cost Function for Learning to Rank"). A one-hot target would push a product that raters
    found half as good as low as any. The row itself weighs what its product's grade is.

    *The other direction*, from a product to the contexts that want it, is a softmax over the
    contexts of the batch. They are drawn example by example, all with one probability, which
    cancels: nothing is corrected.

    Args:
        temperature: divides the products of vectors.
        backward_share: share of the other direction in the loss, in [0, 1).
        logq: share of the correction for how often columns are drawn, in [0, 1]; with 0 the softmax
            is that of what was drawn, where popular products are told from answers most often.
    """

    def __init__(
        self, temperature: float, backward_share: float = 0.0, logq: float = 1.0,
    ) -> None:
        self._temperature = temperature
        self._backward_share = backward_share
        self._logq = logq

    def __call__(
        self, contexts: tf.Tensor, candidates: Candidates, weight: tf.Tensor,
        graded: GradedColumns | None = None, askers: Askers | None = None,
    ) -> tf.Tensor:
        """The loss summed over rows, a scalar; the caller divides it by the global batch.

        Args:
            contexts: float `[batch, dim]`.
            candidates: the shared columns.
            weight: of each row, in (0, 1]: its product's grade as a share of the largest, or that
                of the strongest event that wanted it.
            graded: the rows' own columns.
            askers: what the other direction needs; without it there is none.
        """
        rows = tf.shape(contexts)[0]
        correction = self._correction(candidates)
        scores = self._scores(contexts, candidates.vectors) - correction
        logits = tf.where(candidates.mask, scores, _EXCLUDED)
        target = tf.eye(rows, tf.shape(logits)[1])
        if graded is not None:
            own = tf.range(rows)[:, tf.newaxis] == graded.row
            scores = self._scores(contexts, graded.vectors) - correction[:rows, tf.newaxis]
            worth = tf.where(own, graded.grade, 0.0)
            total = weight + tf.reduce_sum(worth, axis=1)
            logits = tf.concat([logits, tf.where(own, scores, _EXCLUDED)], axis=1)
            target = tf.concat([
                target * (weight / total)[:, tf.newaxis], worth / total[:, tf.newaxis]], axis=1)
        forward = tf.nn.softmax_cross_entropy_with_logits(target, logits)
        loss = tf.reduce_sum(weight * forward)
        if askers is None:
            return loss
        scores = self._scores(candidates.vectors[:rows], askers.vectors)
        backward = tf.nn.softmax_cross_entropy_with_logits(
            tf.eye(rows, tf.shape(scores)[1]), tf.where(askers.mask, scores, _EXCLUDED))
        share = self._backward_share
        return (1.0 - share) * loss + share * tf.reduce_sum(weight * backward)

    def _scores(self, rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        return tf.matmul(rows, columns, transpose_b=True) / self._temperature

    def _correction(self, candidates: Candidates) -> tf.Tensor:
        """What is subtracted from the score of each candidate, `[candidates]`."""
        if candidates.probability is None:
            return tf.zeros(tf.shape(candidates.vectors)[:1])
        probability = tf.clip_by_value(candidates.probability, _LEAST_PROBABILITY, 1.0)
        return self._logq * tf.math.log(probability)


def mixture_probability(
    in_batch: tf.Tensor, batch_size: tf.Tensor, uniform: tf.Tensor, catalogue_size: int,
) -> tf.Tensor:
    """Probability that a candidate is drawn, from in-batch and uniform negatives together.

    Yang et al. 2020, "Mixed Negative Sampling for Learning Two-tower Neural Networks in
    Recommendations": the proposal is the mixture of the empirical and the uniform distribution,
    and logQ corrects by the mixture's probability whatever source a candidate came from.

    Args:
        in_batch: probability of each candidate as an in-batch positive, float `[candidates]`.
        batch_size: number of in-batch candidates, int scalar.
        uniform: number of uniform candidates, int scalar.
        catalogue_size: number of products.

    Returns:
        float32 `[candidates]`.
    """
    batch = tf.cast(batch_size, tf.float32)
    extra = tf.cast(uniform, tf.float32)
    return (batch * in_batch + extra / float(catalogue_size)) / (batch + extra)
