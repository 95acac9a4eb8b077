"""Cleans a product's texts for a reader that knows words, not markup."""

from __future__ import annotations

import html.parser
import json
import math
import re
from typing import Any

from pipeline.cjk import is_run, pairs, split_runs
from pipeline.examples.records import Product

MAX_ATTRIBUTES = 8
"""Attributes written out, at most: a product's tokens are few. They are read last, and a cut loses
what stands behind."""

MAX_CATEGORY_NAMES = 4
"""Names of a category path that are kept, the last ones: its roots are shared by whole departments
and tell little for the tokens they take."""

MAX_VALUE_CHARS = 80
"""A longer attribute value is prose or a list of part numbers; the description says it better."""

MAX_CHARS = 20_000
"""Characters of a text that are looked at: towers read far less, and HTMLParser takes time that is
quadratic in the length of hostile markup."""

_NOISE = re.compile(
    r"(?:^| )(?:ids?|ur[il]s?|links?|href|images?|photos?|thumbnails?|sku|gtin|ean|upc|asin|mpn"
    r"|uuid|guid|barcodes?|timestamp|(?:created|updated) at)$"
    r"|(?:编号|编码|货号|条码|条形码|链接|网址|图片|主图|时间戳|(?:创建|更新|上架)(?:时间|日期))$",
    re.IGNORECASE)
_UNREADABLE = re.compile(r"://|^www\.|^[\W_]*$|^[0-9a-f-]{16,}$", re.IGNORECASE)
_YES = frozenset(("true", "yes", "是", "有"))
_NO = frozenset(("", "false", "no", "none", "n/a", "null", "否", "无", "没有"))
_MARKED_SECTION = re.compile(r"<!\[(?:CDATA\[|[^\[\]<>]*\]>)?|\]\]>")
"""HTMLParser gives up on sections of a kind that it does not know."""
_HIDDEN = frozenset({"script", "style", "head", "template"})


class _TextOfMarkup(html.parser.HTMLParser):
    """Collects the text between tags; a lone "<" is text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(  # The signature is HTMLParser's.
        self, tag: str, attrs: list[tuple[str, str | None]],  # noqa: ARG002
    ) -> None:
        self._hidden += tag in _HIDDEN
        self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def clean_text(text: str) -> str:
    """Text without tags and entities, white space collapsed.

    "5 &lt; 6" and "5 < 6" keep their sign; "&lt;b&gt;" is a tag that was escaped once too often.
    """
    text = text[:MAX_CHARS]
    for _ in range(2):
        if "<" not in text and "&" not in text:
            break
        parser = _TextOfMarkup()
        parser.feed(_MARKED_SECTION.sub(" ", text))
        parser.close()
        text = "".join(parser.parts)
    return " ".join(text.split())


def attributes_text(attributes: str, title: str = "") -> str:
    """A JSON object of attributes as "key value, key value".

    Words come before yes and numbers, since a cut keeps the front and a text encoder knows words;
    otherwise the order is alphabetical. Ids, addresses, long values, nested objects and what the
    title says already are left out, "false" says nothing, and "true" is said by the key alone.

    Args:
        attributes: JSON as ingested.
        title: of the product, which is read before its attributes.
    """
    said = set(_words(title))
    try:
        values = json.loads(attributes) if attributes else {}
    except ValueError:
        return clean_text(attributes)
    if not isinstance(values, dict):
        return ""
    pairs: list[tuple[int, str]] = []
    for key, value in values.items():
        name = " ".join(re.sub(r"[_\s]+", " ", str(key)).split())
        shown = None if _NOISE.search(name) else _attribute_value(value)
        if name and shown is not None and not said.issuperset(_words(shown[1] or name)):
            pairs.append((shown[0], f"{name} {shown[1]}".strip()))
    return ", ".join(text for _, text in sorted(pairs)[:MAX_ATTRIBUTES])


def category_text(category: str) -> str:
    """A path `A > B > C` as the names of its last levels, "A B C"."""
    names = [" ".join(name.split()) for name in clean_text(category).split(">")]
    return " ".join([name for name in names if name][-MAX_CATEGORY_NAMES:])


def clean_product(product: Product) -> Product:
    """The product with readable texts."""
    title = clean_text(product.title)
    return Product(
        product_id=product.product_id,
        title=title,
        description=clean_text(product.description),
        brand=clean_text(product.brand),
        category=category_text(product.category),
        attributes=attributes_text(product.attributes, title),
    )


def _words(text: str) -> list[str]:
    """Words, case folded; runs of a script without spaces in pairs."""
    return [
        part for piece in split_runs(text.casefold()) for word in re.findall(r"[^\W_]+", piece)
        for part in (pairs(word) if is_run(word) else [word])]


def _attribute_value(value: Any) -> tuple[int, str] | None:
    """(rank, text) of a value, or None where it says nothing readable."""
    if value is True:
        return 1, ""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        value = str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return 2, f"{value:.0f}" if value.is_integer() else f"{value:g}"
    if isinstance(value, list):
        value = " ".join(item for item in value if isinstance(item, str))
    if not isinstance(value, str):
        return None
    text = clean_text(value)
    if text.casefold() in _YES:
        return 1, ""
    if text.casefold() in _NO:
        return None
    if len(text) > MAX_VALUE_CHARS or _UNREADABLE.search(text):
        return None
    return (0 if any(letter.isalpha() for letter in text) else 2), text
