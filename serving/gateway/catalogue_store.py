"""The catalogue that is current: read once, read again when its files change."""

from __future__ import annotations

import asyncio
import logging
import pathlib

from serving.errors import InputFileError
from serving.gateway.catalogue import Catalogue, read_catalogue
from serving.gateway.tables import table_files

_log = logging.getLogger(__name__)

_Stamp = tuple[tuple[str, int, int], ...]


class CatalogueStore:
    """Holds one catalogue; a new one takes its place whole, a broken one does not.

    Attributes:
        current: the catalogue to answer from.
        failed: whether the files as they are now could not be read.
    """

    def __init__(self, path: pathlib.Path) -> None:
        """Reads the catalogue.

        Raises:
            InputFileError: it cannot be read.
        """
        self._path = path
        self._stamp = _stamp(path)
        self.current: Catalogue = read_catalogue(path)
        self.failed = False

    def reload_if_changed(self) -> bool:
        """Reads the files again if any of them is another; says whether the catalogue changed."""
        try:
            # Files that come back are read again, even if they are as they were.
            before, self._stamp = self._stamp, ()
            self._stamp = _stamp(self._path)
            if self._stamp == before:
                return False
            self.current = read_catalogue(self._path)
        except InputFileError as error:
            if not self.failed:
                _log.error("the catalogue stays as it was: %s", error)
            self.failed = True
            return False
        self.failed = False
        _log.info("the catalogue was read again: %d products", len(self.current))
        return True

    async def watch(self, pause_seconds: float) -> None:
        """Looks at the files until it is cancelled."""
        while True:
            await asyncio.sleep(pause_seconds)
            try:
                await asyncio.to_thread(self.reload_if_changed)
            # The watch must outlive whatever somebody puts there.
            except Exception:  # noqa: BLE001
                self.failed = True
                _log.exception("the catalogue stays as it was")


def _stamp(path: pathlib.Path) -> _Stamp:
    try:
        return tuple(
            (str(file), (status := file.stat()).st_mtime_ns, status.st_size)
            for file in table_files(path, "products"))
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error}") from error
