"""Which errors are a user's to mend, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Iterator

USER_ERRORS = frozenset({
    "model.acceleration.StrategyError",
    "model.checkpoints.CheckpointError",
    "model.presets.PresetError",
    "model.tuning.trials.TuningError",
    "pipeline.config.ConfigError",
    "pipeline.governance.folder.GovernedFolderError",
    "pipeline.governance.undo.UndoError",
    "pipeline.indexing.search.RecallError",
    "pipeline.indexing.search.ScannError",
    "pipeline.ingest.contract.DatasetError",
    "pipeline.running.folder.RunFolderError",
    "pipeline.sample.writing.SampleError",
    "serving.errors.ServingError",
})
"""Classes, by name so that none of their modules has to be imported, whose message says all."""

# Beam appends the step to the message of an error that it passes on.
_BEAM_STEP = re.compile(r"\s*\[while running '.*?'\]\s*$", re.DOTALL)


def user_message(error: BaseException) -> str | None:
    """What to tell the user about an error, or None when the program is at fault.

    Args:
        error: as caught; the error of interest may be a cause of it.
    """
    message = None
    for link in _chain(error):
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(link).__mro__}
        if names & USER_ERRORS:
            message = _BEAM_STEP.sub("", str(link))
    return message


def root_cause(error: BaseException) -> str:
    """The first error of a chain, as its type and first line."""
    *_, first = _chain(error)
    line = next(iter(str(first).strip().splitlines()), "")
    return f"{type(first).__name__}: {line[:300]}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
