"""What the lexical arm reads of a text: its words, word pairs and letter trigrams, in the graph.

Words alone miss a plural, a compound or a typing error, and take "steel door handle" for a
handle of any steel thing. Pairs of neighbouring words know their order, and trigrams of letters
know that "dishwasher" and "dish washer" are one thing. Scripts that put no space between words
are read by characters and pairs of characters.
"""

from __future__ import annotations

import tensorflow as tf
import tensorflow_text as tf_text

FAMILIES = ("words", "pairs", "trigrams")
"""Kinds of terms, each scored for itself, so that what each is worth can be learned."""

MAX_CHARS = 1_000
"""Characters of a query or a field that are read."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts read by characters: they put no space between words, or glue particles to them."""

_POINT = "\ue000"
"""Stands for a decimal point while others are removed; nobody writes this private character."""

_BUCKETS = 2**62
"""Terms are told apart by their hash: two of a million share one with odds of 1 in ten million."""


def words(texts: tf.Tensor) -> tf.RaggedTensor:
    """Words of texts: lower case, without accents, letters and digits apart, plurals stripped.

    Args:
        texts: string `[batch]`.

    Returns:
        string `[batch, (words)]`; a run of an unspaced script is one word still.
    """
    text = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    text = tf.strings.substr(text, 0, MAX_CHARS, unit="UTF8_CHAR")
    text = tf_text.normalize_utf8(tf_text.case_fold_utf8(text), "NFKD")
    # Marks of Latin, Greek and Cyrillic only: in other scripts they are letters of their own.
    text = tf.strings.regex_replace(text, "[\u0300-\u036f]", "")
    text = tf_text.normalize_utf8(text, "NFKC")
    text = tf.strings.regex_replace(text, _POINT, " ")
    text = tf.strings.regex_replace(text, r"(\p{N})\.(\p{N})", rf"\1{_POINT}\2")
    text = tf.strings.regex_replace(text, rf"[^\p{{L}}\p{{M}}\p{{N}}{_POINT}]+", " ")
    text = tf.strings.regex_replace(text, rf"(\p{{N}}+(?:{_POINT}\p{{N}}+)*)", r" \1 ")
    text = tf.strings.regex_replace(text, f"([{_UNSPACED}]+)", r" \1 ")
    found = tf.strings.split(text)
    return found.with_flat_values(_singular(found.flat_values))


def _singular(tokens: tf.Tensor) -> tf.Tensor:
    """Words without a plural's ending, as far as spelling tells."""
    for ending, rest in ((r"^(.{2,})ies$", r"\1y"), (r"^(.+(?:s|x|z|sh|ch))es$", r"\1"),
                         (r"^(.{2,}[^s])s$", r"\1")):
        tokens = tf.strings.regex_replace(tokens, ending, rest)
    return tokens


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
def terms(texts: tf.Tensor) -> dict[str, tf.RaggedTensor]:
    """Terms of texts, by family.

    Args:
        texts: string `[batch]`.

    Returns:
        Hashes, int64 `[batch, (terms)]`, for each of `FAMILIES`.
    """
    found = words(texts)
    unspaced = tf.strings.regex_full_match(found.flat_values, f"[{_UNSPACED}]+")
    letters = tf.strings.unicode_split(found.flat_values, "UTF-8")
    marked = tf.strings.unicode_split(
        tf.strings.join(["^", found.flat_values, "$"]), "UTF-8")
    characters = tf.concat([letters, _ngrams(letters, 2)], axis=1)
    whole = tf.RaggedTensor.from_row_lengths(
        found.flat_values, tf.ones_like(found.flat_values, tf.int64))
    spoken = _choose(unspaced, characters, whole)
    trigrams = _choose(unspaced, tf.zeros_like(letters)[:, :0], _ngrams(marked, 3))
    strings = {
        "words": _of_texts(spoken, found),
        "pairs": _ngrams(found, 2, " "),
        "trigrams": _of_texts(trigrams, found),
    }
    return {
        family: values.with_flat_values(
            tf.strings.to_hash_bucket_fast(values.flat_values, _BUCKETS))
        for family, values in strings.items()}


def _ngrams(values: tf.RaggedTensor, width: int, separator: str = "") -> tf.RaggedTensor:
    return tf.strings.ngrams(values, width, separator=separator)


def _choose(
    condition: tf.Tensor, yes: tf.RaggedTensor, no: tf.RaggedTensor,
) -> tf.RaggedTensor:
    """Rows of one or of the other, `[rows, (values)]`."""
    first = tf.ragged.boolean_mask(yes, condition)
    second = tf.ragged.boolean_mask(no, ~condition)
    both = tf.concat([first, second], axis=0)
    places = tf.concat([tf.where(condition), tf.where(~condition)], axis=0)[:, 0]
    order = tf.argsort(places)
    return tf.gather(both, order)


def _of_texts(values: tf.RaggedTensor, found: tf.RaggedTensor) -> tf.RaggedTensor:
    """Values of words, `[all words, (values)]`, as values of texts, `[batch, (values)]`."""
    return found.with_values(values).merge_dims(1, 2)
