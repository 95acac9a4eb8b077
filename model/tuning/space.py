"""The settings that are tuned, and between which values: phase by phase."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

import keras_tuner

from model.settings import Training

Values = Mapping[str, float]
"""Values of tuned settings, by the name of the setting."""


class Phase(enum.Enum):
    """What a training trains, one after the other, each with settings of its own."""

    TEXT = "text"
    CONTEXTS = "contexts"


@dataclasses.dataclass(frozen=True)
class Rate:
    """A positive number of which factors count: searched on a logarithmic scale.

    Attributes:
        name: of the setting.
        low, high: ends of the range, which is widened to hold what is configured.
    """

    name: str
    low: float
    high: float

    def declare(self, space: keras_tuner.HyperParameters, configured: float) -> None:
        """Adds it to a search space."""
        space.Float(
            self.name, min(self.low, configured), max(self.high, configured), sampling="log",
            default=configured)


@dataclasses.dataclass(frozen=True)
class Choice:
    """A number among a few, in order.

    Attributes:
        name: of the setting.
        values: to choose from, to which what is configured is added.
    """

    name: str
    values: tuple[float, ...]

    def declare(self, space: keras_tuner.HyperParameters, configured: float) -> None:
        """Adds it to a search space."""
        values = sorted({*self.values, configured})
        space.Choice(self.name, values, ordered=True, default=configured)


TEMPERATURE = Rate("temperature", 0.02, 0.2)
"""CLIP learns 0.01 and less on large batches, SimCLR is best at 0.1; small batches and noisy clicks
want softer targets. Both phases read it."""

_SETTINGS: dict[Phase, tuple[Rate | Choice, ...]] = {
    Phase.TEXT: (
        # BERT is fine-tuned at 2e-5 to 5e-5 (Devlin et al. 2019); a small encoder that starts
        # from nothing wants up to 1e-3.
        Rate("learning_rate", 2e-5, 1e-3),
        # In-batch negatives against steps: trials and runs are limited in pairs, so that a batch
        # twice as large takes half the steps.
        Choice("batch_size", (32, 64, 128, 256)),
    ),
    Phase.CONTEXTS: (
        # Adapters and embeddings from their start: a few times around Adam's customary 1e-3.
        Rate("context_learning_rate", 1e-4, 1e-2),
        Choice("context_batch_size", (64, 128, 256, 512)),
        # What is learned by id: few columns where few events tell of a product, up to a good
        # part of the vectors' width where many do.
        Choice("residual_rank", (8, 16, 32, 64, 128)),
        Choice("residual_dropout", (0.0, 0.1, 0.2, 0.4, 0.6)),
    ),
}


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """The settings that tuning a shop is about.

    Attributes:
        training: the settings as they are, those by data size filled in.
        phases: those of which there is something to learn and to validate, in their order.
    """

    training: Training
    phases: tuple[Phase, ...]

    def names(self, phase: Phase) -> list[str]:
        """Settings that are varied in a phase; the temperature in the first."""
        settings = _SETTINGS[phase]
        if phase is self.phases[0]:
            settings = (*settings, TEMPERATURE)
        return [setting.name for setting in settings]

    def declare(self) -> keras_tuner.HyperParameters:
        """The space as KerasTuner has it; defaults are the settings as they are."""
        space = keras_tuner.HyperParameters()
        known = {s.name: s for s in (*_SETTINGS[Phase.TEXT], *_SETTINGS[Phase.CONTEXTS],
                                     TEMPERATURE)}
        for phase in self.phases:
            for name in self.names(phase):
                known[name].declare(space, getattr(self.training, name))
        return space

    def configured(self) -> dict[str, float]:
        """The values as they are."""
        return dict(self.declare().values)

    def apply(self, values: Values) -> Training:
        """The settings with some of them replaced."""
        return Training.model_validate(self.training.model_dump() | dict(values))


def tidied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with three significant digits, so that what a person copies is what was tried."""
    return {
        name: float(f"{value:.3g}") if isinstance(value, float) else value
        for name, value in values.items()}


def differing(values: Values, configured: Values, names: Sequence[str]) -> dict[str, float]:
    """Those of the named values that are not as configured."""
    return {name: values[name] for name in names if values[name] != configured[name]}
