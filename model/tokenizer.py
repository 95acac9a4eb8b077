"""WordPiece tokens in the graph, so that training and serving tokenise alike."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tensorflow_text as tf_text

MAX_CHARS = 8_000
"""Characters of a text that are looked at: far over any token limit, it bounds hostile input."""


class Tokenizer:
    """BERT's tokenizer: normalise, split, look up word pieces.

    Args:
        vocabulary: word pieces in the order of their ids; must hold [CLS], [SEP], [UNK], [PAD].
        lowercase: lower-case and strip accents first, as uncased checkpoints expect.

    Raises:
        ValueError: a special token is missing from the vocabulary.
    """

    def __init__(self, vocabulary: Sequence[str], lowercase: bool = True) -> None:
        ids = {piece: i for i, piece in enumerate(vocabulary)}
        missing = [t for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]") if t not in ids]
        if missing:
            raise ValueError(
                f"The vocabulary should hold BERT's special tokens. Missing: {missing}, "
                f"received {len(vocabulary)} pieces")
        if ids["[PAD]"] != 0:
            raise ValueError(f"[PAD] should have id 0. Received: {ids['[PAD]']}")
        self._start, self._end = ids["[CLS]"], ids["[SEP]"]
        self._wordpiece = tf_text.FastBertTokenizer(
            vocab=list(vocabulary), lower_case_nfd_strip_accents=lowercase)

    def pieces(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Word pieces without special tokens.

        Args:
            texts: string `[batch]`; bytes that are not UTF-8 are replaced, not refused.

        Returns:
            int64 `[batch, (pieces)]`.
        """
        return self._wordpiece.tokenize(_clean(texts))

    def pieces_with_offsets(
        self, texts: tf.Tensor,
    ) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Word pieces without special tokens, and where each stands.

        Args:
            texts: string `[batch]`, UTF-8.

        Returns:
            Pieces, their first byte and the byte behind their last in the text, each int64
            `[batch, (pieces)]`; one that stands for part of a character may have no bytes.
        """
        return self._wordpiece.tokenize_with_offsets(_clean(texts))

    def pack(self, parts: Sequence[tf.RaggedTensor], max_tokens: int) -> tf.RaggedTensor:
        """Joins parts into `[CLS] part part ... [SEP]`, cut to `max_tokens` with the two.

        Args:
            parts: word pieces, each int64 `[batch, (pieces)]`.
            max_tokens: length of the longest row returned.

        Returns:
            int64 `[batch, (tokens)]`; a row without pieces stays empty.
        """
        joined = tf.concat(list(parts), axis=1)[:, : max_tokens - 2]
        some = tf.cast(joined.row_lengths() > 0, tf.int64)
        start = tf.RaggedTensor.from_row_lengths(
            tf.fill([tf.reduce_sum(some)], tf.constant(self._start, tf.int64)), some)
        end = tf.RaggedTensor.from_row_lengths(
            tf.fill([tf.reduce_sum(some)], tf.constant(self._end, tf.int64)), some)
        return tf.concat([start, joined, end], axis=1)

    def __call__(self, texts: tf.Tensor, max_tokens: int) -> tf.RaggedTensor:
        """Tokens of whole texts, int64 `[batch, (tokens)]`, special tokens included."""
        return self.pack([self.pieces(texts)], max_tokens)


def _clean(texts: tf.Tensor) -> tf.Tensor:
    """Valid UTF-8 of bounded length."""
    clean = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    return tf.strings.substr(clean, 0, MAX_CHARS, unit="UTF8_CHAR")
