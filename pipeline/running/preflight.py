"""Finds mistakes in the settings before the first component runs."""

from __future__ import annotations

import difflib

from model import preflight
from pipeline.config import Config, ConfigError
from pipeline.governance.catalogue import RULES
from pipeline.governance.settings import Governance
from pipeline.indexing.search import require_scann


def check_settings(config: Config) -> None:
    """Checks what would otherwise stop a run after its expensive part; takes under a second.

    Raises:
        StrategyError: and PresetError and CheckpointError, as `model.preflight` raises them.
        ConfigError: as `check_rules` raises it.
        ScannError: `index.kind` is scann, which cannot be imported.
    """
    preflight.check_settings(config.text, config.training)
    check_rules(config.governance)
    if config.index.kind == "scann":
        require_scann()


def check_rules(settings: Governance) -> None:
    """Checks that the rules that are switched off are there to be switched off.

    Raises:
        ConfigError: one of them is not.
    """
    for name in settings.rules_off:
        if name not in RULES:
            [near, *_] = [*difflib.get_close_matches(name, RULES, 1), ""]
            raise ConfigError(
                f"governance.rules_off: there is no rule {name!r}"
                f"{f'; did you mean {near}?' if near else ''} There are {', '.join(sorted(RULES))}")
