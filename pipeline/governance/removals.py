"""Products that the log says are no longer in the catalogue."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.governance.findings import Action
from pipeline.governance.log import read_log


class Removal(NamedTuple):
    """A product that is no longer in the catalogue.

    Attributes:
        decision: id of the decision that removed it.
        kept: the product that it is an alias of; "" where it was set aside.
    """

    decision: str
    kept: str


def read_removals(decisions: str) -> dict[str, Removal]:
    """Removals by product id, from the log in a folder, a path or a URI."""
    removing = {action.value for action in Action if action.removes_row}
    removals = {}
    for part in read_log(decisions, "products-", ["id", "row", "action", "note"]):
        for line in part.to_pylist():
            if line["action"] in removing:
                merged = line["action"] == Action.MERGED.value
                removals[line["row"]] = Removal(line["id"], line["note"] if merged else "")
    return removals


def read_aliases(decisions: str) -> dict[str, str]:
    """Id of the kept product by the id of each that was merged into it, from the same log."""
    return {
        product: removal.kept for product, removal in read_removals(decisions).items()
        if removal.kept}
