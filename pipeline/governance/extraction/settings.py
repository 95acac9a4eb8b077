"""How brand and attributes are extracted: what each setting is, and why it is so."""

from __future__ import annotations

import dataclasses

MIN_ROWS = 100


@dataclasses.dataclass(frozen=True)
class ExtractionSettings:
    """Settings with their defaults.

    Attributes:
        precision: share of the filled values of a column that should be right. A column that does
            not reach it on known rows is not filled.
        min_confidence: of a single value that is filled.
        max_columns: brand and attributes that are filled, at the most: those that most rows have.
        min_rows: rows of the sample that must have a column's value, 100 or more: a fifth of them
            judges how well it is read.
        min_said: share of those rows whose text must say the value.
        sample_rows: products that are learned from, at the most; what a shop calls things shows in
            few, and memory stays bounded.
        preset: of the encoder, as in `model.presets.load_preset`.
        max_tokens: of a product's title and description together.
        layers: of the encoder that are read, at the most, from the first.
        trained_layers: the last of them, which are trained.
        rows_per_column: that teach the token classifier, at the most; what it costs goes with them.
            0 leaves it out, and no encoder is loaded: what is read is then known values alone.
        epochs: passes over these rows.
        rate: peak learning rate of the token classifier.
        seed: of every random choice.
    """

    precision: float = 0.9
    min_confidence: float = 0.5
    max_columns: int = 12
    min_rows: int = 250
    min_said: float = 0.3
    sample_rows: int = 20_000
    preset: str = "minilm"
    max_tokens: int = 64
    layers: int = 3
    trained_layers: int = 2
    rows_per_column: int = 1_500
    epochs: int = 2
    rate: float = 3e-4
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses what cannot be.

        Raises:
            ValueError: a setting is out of its range.
        """
        if not 0 < self.precision < 1:
            raise ValueError(f"precision should be between 0 and 1. Received: {self.precision}")
        if self.min_rows < MIN_ROWS:
            raise ValueError(f"min_rows should be {MIN_ROWS} or more. Received: {self.min_rows}")
