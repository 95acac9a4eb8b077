"""What is wrong with the events of one shopper: told twice, given back, made by a machine."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import statistics
from collections.abc import Sequence, Set
from typing import Any

from pipeline.governance.decisions import ATTRIBUTE, decision_id
from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import WHOLE_ROW, Action, Finding, Rule
from pipeline.ingest.positions import describe_position
from pipeline.ingest.rows import Row

DUPLICATE = Rule(
    "duplicate_event", ("events",), "The same shopper did the same with the same product at the "
    "same moment: the event was logged twice.", "Send each event once, with an id of its own.")
RETURN = Rule(
    "return", ("events",), "Something that was bought was given back or cancelled.",
    "Nothing to mend: a return is kept apart from purchases, and its purchase says so.",
    severe=False)
MACHINE = Rule(
    "machine_traffic", ("events",), "The events come faster, or in greater number, than a person "
    "clicks: a crawler or a test.", "Leave crawlers and monitoring out of the log.")
WHOLESALE = Rule(
    "wholesale", ("events",), "The shopper usually buys quantities that hardly any other does.",
    "Mark business customers, so that they can be looked at apart.", severe=False)

RULES = (DUPLICATE, RETURN, MACHINE, WHOLESALE)

_RETURNED = "returned"
RETURNED = f"{ATTRIBUTE}{_RETURNED}"
"""Column of a purchase that says how many pieces were given back."""

_SAME = ("product_id", "event", "timestamp", "value", "query", "session_id", "attributes")
_DAY_SECONDS = 86_400
_DAILY_CLICKS = 1_000  # A person who looks at a product every ten seconds for three hours.
_FAST_CLICKS = 200
_FAST_SECONDS = 1.0
_WHOLESALE_LINES = 20

Findings = dict[int, list[Finding]]
"""Findings by the place of the row in the list of events."""


def judge_shopper(
    events: Sequence[Row], facts: ShopFacts, released: Set[str] = frozenset(),
) -> Findings:
    """Findings about the events of one shopper.

    Args:
        events: all of them, in any order; each has `position`.
        facts: habits of the shop.
        released: ids of decisions that are not to be made: such a return is matched with nothing.
    """
    order = sorted(
        range(len(events)),
        key=lambda i: (events[i].get("timestamp", 0), events[i]["position"]))
    findings: Findings = collections.defaultdict(list)
    by_people = _find_machines(events, order, facts, findings)
    told = _find_duplicates(events, by_people, facts, findings)
    _match_returns(events, told, released, findings)
    _note_wholesale(events, told, facts, findings)
    return findings


def _find_machines(
    events: Sequence[Row], order: Sequence[int], facts: ShopFacts, findings: Findings,
) -> list[int]:
    """Finds what machines did; returns the places of the other events.

    Many people may share an id. So it is judged day by day, and a purchase is never a machine's.
    """
    days: dict[int, list[int]] = collections.defaultdict(list)
    for place in order:
        if events[place]["event"] != "purchase" and "timestamp" in events[place]:
            days[events[place]["timestamp"] // _DAY_SECONDS].append(place)
    machines = {}
    for places in days.values():
        if reason := _machine([
                events[i]["timestamp"] for i in places if events[i]["event"] in ("view", "click")],
                facts):
            machines.update(dict.fromkeys(places, reason))
    for place, reason in machines.items():
        findings[place].append(Finding(
            MACHINE.name, WHOLE_ROW, Action.SET_ASIDE, confidence=0.9, note=reason))
    return [place for place in order if place not in machines]


def _machine(clicks: Sequence[int], facts: ShopFacts) -> str:
    """What makes the clicks of a day, in order, a machine's; "" for nothing."""
    if facts.clock_step == 1 and len(clicks) >= _FAST_CLICKS:
        gaps = [later - earlier for earlier, later in itertools.pairwise(clicks)]
        if statistics.median(gaps) <= _FAST_SECONDS:
            return "half of the day's clicks follow within a second"
    if len(clicks) >= _DAILY_CLICKS:
        return f"{len(clicks)} clicks in a day"
    return ""


def _find_duplicates(
    events: Sequence[Row], order: Sequence[int], facts: ShopFacts, findings: Findings,
) -> list[int]:
    """Finds events told twice; returns the places of the others.

    An order may name a product on two lines: where the clock of the log tells no seconds, equal
    purchases stay.
    """
    first: dict[tuple[Any, ...], Row] = {}
    told = []
    for place in order:
        event = events[place]
        exact = facts.clock_step == 1 or event["event"] != "purchase"
        if "timestamp" in event and facts.clock_step <= 60 and exact:
            key = tuple(repr(event.get(column)) for column in _SAME)
            if (earlier := first.setdefault(key, event)) is not event:
                findings[place].append(Finding(
                    DUPLICATE.name, WHOLE_ROW, Action.SET_ASIDE, confidence=0.95,
                    note=f"as {describe_position(earlier['position'])}"))
                continue
        told.append(place)
    return told


@dataclasses.dataclass
class _Purchase:
    """A purchase of which something is left to be returned.

    Attributes:
        place: in the list of events.
        left: pieces that were not returned so far.
        returned: pieces that were.
        cause: decision about the latest return of it; "" where there was none.
    """

    place: int
    left: float
    returned: float
    cause: str = ""


def _match_returns(
    events: Sequence[Row], told: Sequence[int], released: Set[str], findings: Findings,
) -> None:
    """Takes each return from the latest purchases of the product before it."""
    bought: dict[str, list[_Purchase]] = collections.defaultdict(list)
    for place in told:
        event = events[place]
        pieces = event.get("value", 1.0) if event["event"] == "purchase" else 0.0
        purchases = bought[event["product_id"]]
        if pieces > 0:
            returned = _returned_before(event)
            if pieces > returned:
                purchases.append(_Purchase(place, pieces - returned, returned))
        elif pieces < 0:
            _match_return(events, place, purchases, released, findings)


def _returned_before(event: Row) -> float:
    """Pieces of a purchase that an earlier governance of the same rows matched with returns."""
    returned = event.get("attributes", {}).get(_RETURNED)
    return float(returned) if isinstance(returned, (int, float)) and returned > 0 else 0.0


def _match_return(
    events: Sequence[Row], place: int, purchases: list[_Purchase], released: Set[str],
    findings: Findings,
) -> None:
    """Takes one return from the purchases that are left of its product, the latest first.

    It follows from the returns that took of the same purchases before it: without them it would
    have taken others.
    """
    found = Finding(RETURN.name, WHOLE_ROW, Action.MATCHED if purchases else Action.SET_ASIDE)
    cause = decision_id("events", events[place], found)
    if cause in released:
        return
    left, taken_of, earlier = -events[place]["value"], [], set()
    while left > 0 and purchases:
        purchase = purchases[-1]
        taken = min(left, purchase.left)
        left -= taken
        purchase.left -= taken
        action = Action.REPAIRED if purchase.returned else Action.FILLED
        purchase.returned += taken
        findings[purchase.place].append(
            Finding(RETURN.name, RETURNED, action, purchase.returned, because=cause))
        taken_of.append(describe_position(events[purchase.place]["position"]))
        earlier |= {purchase.cause} - {""}
        purchase.cause = cause
        if purchase.left <= 0:
            purchases.pop()
    findings[place].append(found._replace(
        note=f"of {', '.join(taken_of)}" if taken_of else "no purchase of it is in the log",
        because=" ".join(sorted(earlier))))


def _note_wholesale(
    events: Sequence[Row], told: Sequence[int], facts: ShopFacts, findings: Findings,
) -> None:
    quantities = [
        events[place]["value"] for place in told
        if events[place]["event"] == "purchase" and events[place].get("value", 0) > 0]
    usual = facts.usual_quantity
    if usual and len(quantities) >= _WHOLESALE_LINES and statistics.median(quantities) >= usual:
        findings[told[0]].append(Finding(
            WHOLESALE.name, WHOLE_ROW, Action.NOTED, confidence=0.8,
            note=f"half of {len(quantities)} purchases are of {usual:g} pieces or more"))
