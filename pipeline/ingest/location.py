"""Where a dataset lies: a folder or URI, and the placeholders of its spans."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.ingest.contract import DatasetError

_PLACEHOLDER = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(:\d+)?\}")


class Location(NamedTuple):
    """A dataset URI, cut before the first folder whose name holds a placeholder.

    Attributes:
        base: folder or URI without placeholders.
        prefix: what patterns start with: "" or, for example, "day-{SPAN}/v{VERSION}/".
    """

    base: str
    prefix: str


def split_location(data_uri: str) -> Location:
    """Cuts a dataset URI where its spans begin.

    The placeholders are TFX's: {SPAN}, or {YYYY}, {MM} and {DD}, and with either {VERSION}.

    Raises:
        DatasetError: the URI is empty or holds characters that file patterns give a meaning.
    """
    if not data_uri.strip():
        raise DatasetError("the dataset folder is an empty name; name a folder or a URI.")
    if bad := set(_PLACEHOLDER.sub("", data_uri)) & set("*?[]{}"):
        raise DatasetError(
            f"{data_uri}: {' '.join(sorted(bad))} has a meaning in file patterns and cannot be in "
            "the name of a dataset folder; rename it. Placeholders are {SPAN}, {VERSION}, "
            "{YYYY}, {MM} and {DD}.")
    placeholder = _PLACEHOLDER.search(data_uri)
    if placeholder is None:
        return Location(data_uri.rstrip("/") or "/", "")
    cut = data_uri.rfind("/", 0, placeholder.start())
    base = data_uri[:cut] if cut > 0 else "/" if cut == 0 else "."
    return Location(base, data_uri[cut + 1:].rstrip("/") + "/")
