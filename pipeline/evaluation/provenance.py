"""Where a result comes from: the code, the packages and the data."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping, Sequence

from pipeline.evaluation.commit import find_commit
from pipeline.evaluation.data import Catalogue, Context
from pipeline.libraries import LIBRARIES, installed_version


@dataclasses.dataclass(frozen=True)
class Code:
    """The code that made a result.

    Attributes:
        version: of the installed package, "unknown" when it is not installed.
        commit: as `find_commit` returns it.
        packages: versions of Python and of the packages that shape the numbers.
    """

    version: str
    commit: str | None
    packages: Mapping[str, str]


def describe_code() -> Code:
    """Describes the running code."""
    found = {name: installed_version(name) for name in LIBRARIES}
    packages = {"python": platform.python_version()}
    packages |= {name: version for name, version in found.items() if version}
    version = installed_version("emporium") or "unknown"
    return Code(version, find_commit(), packages)


def data_hash(contexts: Sequence[Context], catalogue: Catalogue) -> str:
    """SHA-256 of the contexts and the catalogue, the same in whatever order they are read."""
    digest = hashlib.sha256()
    for line in sorted(json.dumps(dataclasses.asdict(c), sort_keys=True) for c in contexts):
        digest.update(line.encode() + b"\n")
    products = zip(catalogue.product_ids, catalogue.texts, strict=True)
    for line in sorted(json.dumps(product) for product in products):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
