"""What a rule says about a row, before anything is done about it."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, NamedTuple

WHOLE_ROW = ""
"""In the place of a column: the row as a whole."""


class Action(str, enum.Enum):
    """What is done about a finding.

    Attributes:
        REPAIRED: the value was replaced by what it should have been.
        FILLED: a value that was missing was inferred.
        CLEARED: the value was removed, as it says something wrong.
        SET_ASIDE: the row is kept apart, in quarantine.
        MERGED: the row became an alias of another.
        MATCHED: the row belongs to another, which was told so.
        NOTED: nothing was changed; a person should look.
    """

    REPAIRED = "repaired"
    FILLED = "filled"
    CLEARED = "cleared"
    SET_ASIDE = "set_aside"
    MERGED = "merged"
    MATCHED = "matched"
    NOTED = "noted"

    @property
    def removes_row(self) -> bool:
        """Whether the row is no longer in its table."""
        return self in (Action.SET_ASIDE, Action.MERGED, Action.MATCHED)


@dataclasses.dataclass(frozen=True)
class Rule:
    """What can be wrong with a row.

    Attributes:
        name: in settings, log and report, such as "mojibake".
        table_names: tables that it looks at.
        reason: what is wrong, in a sentence that a merchandiser understands.
        remedy: what to do at the source.
        severe: whether a row with it is bad data, for the quality score; repairs of mere form
            are not.
    """

    name: str
    table_names: tuple[str, ...]
    reason: str
    remedy: str
    severe: bool = True


class Finding(NamedTuple):
    """What one rule found in one row.

    Attributes:
        rule: its name.
        column: where, `attributes.NAME` for one of the attributes, or `WHOLE_ROW`.
        action: what to do.
        after: the value that the column should have; None where it should have none.
        confidence: that the finding is right, in [0, 1]; 1 for a rule that cannot be wrong.
        note: what else a person should know, such as the row that it belongs to; never a value
            of a personal column.
        because: id of the decision that this one follows from, as events follow their product;
            undone with it, and not made where it is released. Of several, with spaces between.
    """

    rule: str
    column: str
    action: Action
    after: Any = None
    confidence: float = 1.0
    note: str = ""
    because: str = ""
