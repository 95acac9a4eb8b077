"""The requests that a version has to answer before it may be served."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from pipeline.evaluation.data import Context

_RECORDED = 32  # Requests of each kind taken from the contexts: seconds, not minutes.

_HOSTILE_TEXTS = {
    "empty": "",
    "blank": " \t\n",
    "10,000 letters": "a" * 10_000,
    "10,000 characters of words": "usb cable " * 1_000,
    "emoji": "\N{SHOPPING TROLLEY}\N{FIRE}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}",
    "right to left": "\u05e0\u05e2\u05dc\u05d9\u05d9\u05dd \u0623\u062d\u0630\u064a\u0629",
    "control characters": "usb\x00\x07\x1b[31m",
    "invalid UTF-8": "usb \udcff\udcfe cable",  # Bytes 0xff 0xfe, by surrogateescape.
}
_UNKNOWN = "no-such-product-\N{SNOWMAN}"


@dataclasses.dataclass(frozen=True)
class Case:
    """One call of a signature.

    Attributes:
        name: says what is asked, without text of a shopper.
        signature: to be called.
        inputs: a list a batch for each input; a list of lists for ids, events and ages.
        answers: whether each row needs a result (rankings) or unit length (embeddings).
    """

    name: str
    signature: str
    inputs: dict[str, list[str] | list[list[str]] | list[list[float]]]
    answers: bool = True


def build_cases(contexts: Sequence[Context]) -> list[Case]:
    """Makes recorded and hostile requests for every signature that shops call.

    Args:
        contexts: validation contexts; the first of each kind become recorded requests.
    """
    searches = [c for c in contexts if c.kind == "search"][:_RECORDED]
    shoppers = [c for c in contexts if c.kind == "recommend"][:_RECORDED]
    wanted = list(dict.fromkeys(
        product for c in [*searches, *shoppers] for product in c.relevant))[:_RECORDED]
    return [
        *_text_cases([c.query for c in searches]),
        *_recommend_cases(shoppers),
        *_event_cases(shoppers),
        *_similar_cases(wanted),
    ]


def _text_cases(queries: list[str]) -> list[Case]:
    inputs = {
        "search": "query", "serving_default": "query", "embed_query": "query",
        "embed_product": "text",
    }
    cases = []
    for signature, name in inputs.items():
        ranks = not signature.startswith("embed")
        cases.append(Case("a plain text", signature, {name: ["red usb cable 2m"]}))
        if queries:
            cases.append(Case("a batch of recorded queries", signature, {name: queries}))
        cases += [
            Case(label, signature, {name: [text]}, answers=ranks)
            for label, text in _HOSTILE_TEXTS.items()
        ]
        cases.append(Case(
            "all hostile texts in one batch", signature,
            {name: list(_HOSTILE_TEXTS.values())}, answers=ranks))
    return cases


def _recommend_cases(contexts: list[Context]) -> list[Case]:
    nothing = _recommend("an empty context", [[]])
    cases = [
        nothing,
        _recommend("an unknown product in the history", [[_UNKNOWN]]),
        _recommend("padding before and between unknown products", [["", _UNKNOWN, "", _UNKNOWN]]),
        _recommend("an unknown product excluded", [[]], exclude=[[_UNKNOWN, ""]]),
    ]
    for label, text in _HOSTILE_TEXTS.items():
        cases.append(_recommend(f"profile and query: {label}", [[]], text=text))
    if contexts:
        histories = [list(context.history) for context in contexts]
        recorded = _recommend("a batch of recorded histories", histories)
        recorded.inputs["profile"] = [context.profile for context in contexts]
        cases.append(recorded)
        # Without what was excluded a small catalogue may have nothing left.
        cases.append(dataclasses.replace(
            _recommend("recorded histories, excluded", histories, exclude=histories),
            answers=False))
        longest = max(histories, key=len)
        cases.append(_recommend("a history of 500, the same products again", [
            (longest * 500)[:500] or [_UNKNOWN]]))
    return cases


def _event_cases(contexts: list[Context]) -> list[Case]:
    """Histories with what was done and when, as recorded and as no shop would send them."""
    product = next((p for context in contexts for p in context.history), _UNKNOWN)
    thrice = [[product, _UNKNOWN, product]]
    strange = [list(_HOSTILE_TEXTS.values())[-3:]]
    views = [["view"] * 3]
    cases = [
        _with_events("an empty history", [[]], [[]], [[]]),
        _with_events("events and ages", thrice, [["view", "cart", "purchase"]], [[9.5, 1.0, 0.0]]),
        _with_events("nothing known of the events", thrice, [["", "", ""]], [[-1.0, -1.0, -1.0]]),
        _with_events("names of no event", thrice, strange, [[0.0] * 3]),
        _with_events("ages of no number", thrice, views, [[math.nan, math.inf, -math.inf]]),
        _with_events("ages without measure", thrice, views, [[3e38, -3e38, 1e-38]]),
        _with_events("fewer events and ages than products", thrice, [["view"]], [[]]),
        _with_events("more events and ages than products", thrice, [["view"] * 9], [[2.0] * 99]),
    ]
    if contexts:
        recorded = _with_events(
            "a batch of recorded histories", [list(context.history) for context in contexts],
            [list(context.history_event) for context in contexts],
            [list(context.history_age) for context in contexts])
        recorded.inputs["profile"] = [context.profile for context in contexts]
        cases.append(recorded)
    return cases


def _with_events(
    name: str, histories: list[list[str]], events: list[list[str]], ages: list[list[float]],
) -> Case:
    plain = _recommend(name, histories)
    return dataclasses.replace(
        plain, signature="recommend_events",
        inputs={**plain.inputs, "history_event": events, "history_age": ages})


def _recommend(
    name: str, histories: list[list[str]], *, text: str = "",
    exclude: list[list[str]] | None = None,
) -> Case:
    excluded: list[list[str]] = exclude or [[] for _ in histories]
    return Case(name, "recommend", {
        "history": histories,
        "profile": [text] * len(histories),
        "query": [text] * len(histories),
        "exclude": excluded,
    })


def _similar_cases(products: list[str]) -> list[Case]:
    # A catalogue of one product has nothing similar to it: no row needs a result.
    batches = {
        "known products": products,
        "an unknown product": [_UNKNOWN],
        "no product": [""],
        "known and unknown products": [*products[:1], _UNKNOWN, ""],
    }
    return [
        Case(name, "similar", {"product_id": batch}, answers=False)
        for name, batch in batches.items() if batch
    ]
