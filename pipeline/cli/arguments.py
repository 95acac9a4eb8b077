"""Types of arguments that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Callable

COPY_FIRST = (
    "copy its serving/ first, as with `gcloud storage rsync --recursive gs://bucket/out/serving "
    "out/serving`, and give the local folder")
"""What to do where pushed versions lie in a bucket."""


def local_path(remedy: str) -> Callable[[str], str]:
    """The type of an argument that names something on this machine.

    A URI is refused: as a path, gs://bucket/out would be a folder `gs:` of the working directory.

    Args:
        remedy: ends the message that refuses it.
    """

    def parse(text: str) -> str:
        if "://" in text:
            raise argparse.ArgumentTypeError(
                f"should be a path on this machine, received {text!r}; {remedy}")
        return text

    return parse
