"""Finds mistakes in the settings before the first component runs."""

from __future__ import annotations

from model import preflight
from pipeline.config import Config
from pipeline.indexing.search import require_scann


def check_settings(config: Config) -> None:
    """Checks what would otherwise stop a run after its expensive part; takes under a second.

    Raises:
        StrategyError: and PresetError and CheckpointError, as `model.preflight` raises them.
        ScannError: `index.kind` is scann, which cannot be imported.
    """
    preflight.check_settings(config.text, config.training)
    if config.index.kind == "scann":
        require_scann()
