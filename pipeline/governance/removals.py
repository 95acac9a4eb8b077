"""Products that the log says are no longer in the catalogue."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.governance.aliases import read_given
from pipeline.governance.findings import Action
from pipeline.governance.log import read_log


class Removal(NamedTuple):
    """A product that is no longer in the catalogue.

    Attributes:
        decision: id of the decision that removed it; "" where the dataset came without it.
        kept: the product that it is an alias of; "" where it was set aside or is gone.
    """

    decision: str
    kept: str


def read_removals(decisions: str) -> dict[str, Removal]:
    """Removals by product id, from the log in a folder, a path or a URI.

    An alias that the dataset names is one, too, by no decision. What `kept` names may itself be
    removed.
    """
    removing = {action.value for action in Action if action.removes_row}
    removals = {}
    for part in read_log(decisions, "products-", ["id", "row", "action", "note"]):
        for line in part.to_pylist():
            if line["action"] in removing:
                merged = line["action"] == Action.MERGED.value
                removals[line["row"]] = Removal(line["id"], line["note"] if merged else "")
    return removals | {
        alias: Removal("", product) for alias, product in read_given(decisions).items()}


def read_aliases(decisions: str) -> dict[str, str]:
    """Id of the product by each id that stands for it, from the same folder.

    Those of products that are no longer in the catalogue are left out.
    """
    removals = read_removals(decisions)
    aliases = {}
    for alias, removal in removals.items():
        kept = removal.kept
        while kept in removals:
            kept = removals[kept].kept
        if kept:
            aliases[alias] = kept
    return aliases
