"""Finds mistakes in the model's settings before anything expensive runs."""

from __future__ import annotations

from model import checkpoints
from model.acceleration import check_strategy
from model.presets import is_fetched, load_preset
from model.settings import Text, Training


def check_settings(text: Text, training: Training) -> None:
    """Checks what training would find out late; takes no device, reads no weights, fetches nothing.

    Raises:
        StrategyError: the machine does not have what `training.strategy` asks for.
        PresetError: there is no such preset, or its folder lacks a file.
        CheckpointError: the preset's checkpoint cannot be read or is too short for the texts.
    """
    check_strategy(training.strategy)
    if not is_fetched(text.preset):
        _check_encoder(text)


def _check_encoder(text: Text) -> None:
    preset = load_preset(text.preset)
    if preset.checkpoint is not None:
        checkpoints.check_weights(preset.checkpoint)
        sizes = checkpoints.read_sizes(preset.checkpoint)
    elif preset.keras_nlp is not None:
        from model import keras_presets  # Slow to import: only such presets need it here.

        sizes = keras_presets.read_sizes(preset.keras_nlp)
    else:
        return
    positions = sizes["max_sequence_length"]
    for setting in ("query_tokens", "profile_tokens", "product_tokens"):
        tokens = getattr(text, setting)
        if tokens > positions:
            raise checkpoints.CheckpointError(
                f"text.{setting} should be at most {positions}, the positions that the "
                f"checkpoint {preset.name} has. Received: {tokens}")
