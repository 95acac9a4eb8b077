"""The token classifier on texts: taught by distant supervision, it marks values of every column."""

from __future__ import annotations

import collections
from collections.abc import Sequence

import tf_keras as keras

from model.acceleration import choose_precision
from model.presets import load_preset
from model.token_classifier import TokenClassifier
from model.token_training import TagReader, train
from pipeline.governance.extraction.mentions import Span
from pipeline.governance.extraction.settings import ExtractionSettings
from pipeline.governance.extraction.texts import ProductText
from pipeline.governance.extraction.tokens import TaggedSpan, TextTokenizer, read_spans, tag

_BATCH = 32


class Tagger:
    """Marks values in texts, for each column by a head of its own.

    Args:
        texts: to learn from.
        spans: where each says the value of each column, None where nobody knows;
            `[texts][columns]`.
        settings: of the encoder and its training.

    Raises:
        PresetError: there is no such encoder.
        ValueError: there is no text.
    """

    def __init__(
        self, texts: Sequence[ProductText], spans: Sequence[Sequence[Sequence[Span] | None]],
        settings: ExtractionSettings,
    ) -> None:
        preset = load_preset(settings.preset)
        self._tokenize = TextTokenizer(preset, settings.max_tokens)
        pieces = self._tokenize([text.text for text in texts])
        tags = [tag(of_text, where) for of_text, where in zip(pieces, spans, strict=True)]
        keras.utils.set_random_seed(settings.seed)
        model = TokenClassifier(
            preset, len(spans[0]), layers=settings.layers,
            # An encoder that starts from nothing has nothing worth keeping.
            trained_layers=settings.trained_layers if preset.pretrained else None,
            dtype=choose_precision("auto"))
        train(
            model, [of_text.tokens for of_text in pieces], tags, batch_size=_BATCH,
            epochs=settings.epochs, rate=settings.rate, seed=settings.seed)
        self._read = TagReader(model)

    def __call__(self, texts: Sequence[ProductText]) -> list[dict[int, list[TaggedSpan]]]:
        """What may be values in each text, by column's number."""
        pieces = self._tokenize([text.text for text in texts])
        probabilities = self._read([of_text.tokens for of_text in pieces])
        found = []
        for of_text, tags in zip(pieces, probabilities, strict=True):
            by_head: dict[int, list[TaggedSpan]] = collections.defaultdict(list)
            for span in read_spans(of_text, tags):
                by_head[span.head].append(span)
            found.append(by_head)
        return found
