"""Finds mistakes in the settings before the first component runs."""

from __future__ import annotations

import difflib

from model import preflight
from pipeline.config import Config, ConfigError
from pipeline.governance.catalogue import RULES
from pipeline.governance.settings import Governance
from pipeline.indexing.search import require_scann
from pipeline.ingest.contract import TABLES
from pipeline.ingest.files import match_names


def check_settings(config: Config) -> None:
    """Checks what would otherwise stop a run after its expensive part; takes under a second.

    Raises:
        StrategyError: and PresetError and CheckpointError, as `model.preflight` raises them.
        ConfigError: as `check_governance` raises it.
        ScannError: `index.kind` is scann, which cannot be imported.
    """
    preflight.check_settings(config.text, config.training)
    check_governance(config.governance)
    if config.index.kind == "scann":
        require_scann()


def check_governance(settings: Governance) -> None:
    """Checks that the rules that are switched off and the schemas that are meant are there.

    Raises:
        ConfigError: one of them is not.
    """
    for name in settings.rules_off:
        if name not in RULES:
            [near, *_] = [*difflib.get_close_matches(name, RULES, 1), ""]
            raise ConfigError(
                f"governance.rules_off: there is no rule {name!r}"
                f"{f'; did you mean {near}?' if near else ''} There are {', '.join(sorted(RULES))}")
    if not settings.schemas:
        return
    known = {f"{table}.pbtxt" for table in TABLES}
    found = match_names(settings.schemas, "*.pbtxt")
    if not found or not known.issuperset(found):
        raise ConfigError(
            f"governance.schemas: {settings.schemas} should be a folder with some of "
            f"{', '.join(sorted(known))}, as reports/schema/ has them. Found: "
            f"{', '.join(sorted(found)) or 'none'}")
