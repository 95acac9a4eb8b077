"""Clears away what a killed run left, so that the next one starts from finished components only."""

from __future__ import annotations

import logging
import pathlib
import shutil

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

FINISHED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_log = logging.getLogger("emporium.recovery")


def recover(metadata: pathlib.Path, artifacts: pathlib.Path) -> None:
    """Removes outputs of components that did not finish; call while no run is active.

    TFX writes `<artifacts>/<component>/<output>/<execution>` and, beside, `.system` folders.
    Only what a finished execution wrote is kept. A metadata store that cannot be opened is set
    aside, and everything runs again.

    Args:
        metadata: SQLite file of the metadata store; may be missing.
        artifacts: root of the components' outputs; may be missing.
    """
    finished = _finished_executions(metadata) if metadata.exists() else set()
    for output in artifacts.glob("*/[!.]*/*"):
        if output.name.isdigit() and int(output.name) not in finished:
            _remove(output)
    for working in artifacts.glob("*/.system/*/*"):
        _remove(working)


def _finished_executions(metadata: pathlib.Path) -> set[int]:
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(metadata)
    try:
        store = metadata_store.MetadataStore(config)
        executions = store.get_executions()
    except (errors.StatusError, RuntimeError) as error:  # Which one depends on the damage.
        aside = metadata.with_suffix(".broken")
        metadata.replace(aside)
        _log.warning(
            "The metadata store %s cannot be read (%s) and was set aside as %s: every component "
            "runs again.", metadata, str(error)[:200], aside.name)
        return set()
    return {e.id for e in executions if e.last_known_state in FINISHED}


def _remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
