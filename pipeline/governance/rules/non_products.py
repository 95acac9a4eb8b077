"""Rows of the catalogue that are no goods: charges, corrections, stock notes, placeholders.

A title counts as one by what it is made of as a whole, so that "Check" is a stock note and "Blue
check bag" is a bag; a title that might be either is set aside only where the shop's habits or its
sales say the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.governance.facts import ShopFacts
from pipeline.governance.findings import WHOLE_ROW, Action, Finding, Rule
from pipeline.ingest.rows import Row

PLACEHOLDER = Rule(
    "placeholder", ("products",), "The title names nothing: a question mark, a number, a test.",
    "Delete the row from the catalogue, or give the product its title.")
NON_PRODUCT = Rule(
    "non_product", ("products",), "The row books a charge, a correction or a note about stock; "
    "it is no product that a shopper could want.",
    "Book charges, corrections and stock notes outside the catalogue.")
NO_PRICE = Rule(
    "no_price", ("products",), "The price is 0, where nearly every product of the shop has one.",
    "Give the product its price, or take it out of the catalogue.")

RULES = (PLACEHOLDER, NON_PRODUCT, NO_PRICE)

USUAL_SHARE = 0.9
"""Share of a shop's rows from which on something is its habit."""

_CONFIDENT = 0.95
_LIKELY = 0.85
_UNSURE = 0.5


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# English, German, French, Spanish: words that title a charge or a correction of the books.
_CHARGES = _words("""
postage post shipping carriage delivery freight courier packing packaging handling insurance
surcharge fee fees charge charges commission bank payment deposit tip tax vat duty donation
versand versandkosten porto lieferung gebühr gebühren bearbeitungsgebühr frachtkosten fracht
frais livraison expédition envío envio gastos transporte
""")
_CORRECTIONS = _words("""
manual adjust adjusts adjusted adjustment adjustments readjustment discount discounts debt
credit credits credited creditted refund refunds refunded reversal reverse rounding correction
corrections error errors incorrect incorrectly rabatt gutschrift korrektur remise avoir
remboursement descuento abono
""")
_STOCK_NOTES = _words("""
damaged damages damage broken breakage breakages smashed crushed cracked faulty mouldy moldy
rusty rust wet water smudges lost missing found thrown throw unsaleable unsellable destroyed
wrongly wrong marked coded mixed mix counted count check checked display displayed showroom
sample samples test barcode sold stock returned oops entry allocate given away mia
""")
_ALONE = _words("""
postage carriage adjustment adjust discount manual refund commission damaged damages damage
breakages unsaleable mouldy samples missing versandkosten porto gutschrift
""")
"""Words of which one is enough where the shop says it too; it takes two of the others."""

_SURE_CHARGES = _words("""
postage carriage commission versandkosten porto frachtkosten bearbeitungsgebühr
""")
"""Charges that no goods are called by, so that the shop need not say it too."""

_FEES = _words("""
fee fees charge charges surcharge frais gebühr gebühren
""")
"""The same beside another charge or a sales channel: "Charge" alone may be a watch."""

_CHANNELS = _words("""
amazon ebay etsy dotcom website web online shop store warehouse fba paypal marketplace
""")
_FILLERS = _words("""
a an and as at been bad by can't carton coded code day express for from had in into is it more next
no not of off on or order orders pallet possible previous put re sales sale some standard temp the
to up was with your der die das und für von de la le les et du
""")
"""What may stand beside them, but makes them no surer; a box or a set would be goods."""

_TESTS = _words("""
test tests testing dummy placeholder untitled unknown none null nan n/a na tbd tbc xxx xx todo
delete deleted unused asdf qwerty product item article artikel produkt produit sample example
""")
_STRONG_TESTS = _TESTS - _words("""
product item article artikel produkt produit sample
""")

_TEST_PHRASE = re.compile(
    r"\b(?:do not (?:order|use|buy|sell)|delete (?:me|this)|lorem ipsum|test (?:product|article)|"
    r"copy of (?:new )?(?:item|product))\b|测试(?:商品|产品)|请勿拍|^(?:测试|待定|删除|新品复制)$")

_WORD = re.compile(r"[^\W_]+(?:['’/][^\W_]+)*")
_NAMING = re.compile(r"[^\W\d_]")


def find_non_products(row: Row, facts: ShopFacts) -> Iterator[Finding]:
    """At the most one finding: the row as a whole is set aside, or noted where that is unsure."""
    free = row.get("price") == 0 and facts.priced_share >= USUAL_SHARE
    doubt = free or _odd_case(row["title"], facts) or row["product_id"] in facts.never_sold
    words = _WORD.findall(row["title"].casefold())
    parts = [part for word in words for part in word.split("/")]
    if _names_nothing(row["title"], words):
        sure = doubt or not any(word.isdigit() for word in words)  # "1984" is a book.
        yield Finding(
            PLACEHOLDER.name, WHOLE_ROW, Action.SET_ASIDE if sure else Action.NOTED,
            confidence=_CONFIDENT if sure else _UNSURE)
    elif _is_charge(parts):
        yield Finding(NON_PRODUCT.name, WHOLE_ROW, Action.SET_ASIDE, confidence=_CONFIDENT)
    elif (evidence := _book_keeping(parts)) and doubt:
        yield Finding(NON_PRODUCT.name, WHOLE_ROW, Action.SET_ASIDE, confidence=evidence)
    elif evidence == _CONFIDENT:  # "Lost and Found" is a film.
        yield Finding(NON_PRODUCT.name, WHOLE_ROW, Action.NOTED, confidence=_UNSURE)
    elif free:
        yield Finding(NO_PRICE.name, WHOLE_ROW, Action.SET_ASIDE, confidence=_LIKELY)


def _names_nothing(title: str, words: list[str]) -> bool:
    if not words or not _NAMING.search(title) or _TEST_PHRASE.search(title.casefold()):
        return True
    return set(words) <= _TESTS and not _STRONG_TESTS.isdisjoint(words)


def _is_charge(parts: list[str]) -> bool:
    """Whether a title's words say nothing but that something is charged for."""
    if not all(p in _CHARGES or p in _CHANNELS or p in _FILLERS for p in parts):
        return False
    naming = [p for p in parts if p in _CHARGES or p in _CHANNELS]
    return not _SURE_CHARGES.isdisjoint(naming) or (
        len(naming) >= 2 and not _FEES.isdisjoint(naming))


def _book_keeping(parts: list[str]) -> float:
    """How sure a title's words make it, where the shop says the same, that it is none of a product.

    Returns:
        0 for not at all.
    """
    strong = [p for p in parts if p in _CHARGES or p in _CORRECTIONS or p in _STOCK_NOTES]
    if not strong:
        return 0.0
    channels = [p for p in parts if p in _CHANNELS]
    unknown = [p for p in parts if not (
        p in strong or p in channels or p in _FILLERS or p.isdigit())]
    alone = not _ALONE.isdisjoint(strong)
    if not unknown:
        return _CONFIDENT if alone or len(strong) >= 2 or channels else _LIKELY
    if alone or parts[-1] in _CHARGES or 2 * len(strong) >= len(parts):
        return _LIKELY if len(unknown) <= 2 else 0.0
    return 0.0


def _odd_case(title: str, facts: ShopFacts) -> bool:
    """Whether small letters stand in a title of a shop that writes titles in capitals.

    Units and ends of words, "BAG 250g" and "TRADITIONAl", are not what this looks for.
    """
    if facts.capital_share < USUAL_SHARE:
        return False
    small = sum(map(str.islower, title))
    return small > sum(map(str.isupper, title))
