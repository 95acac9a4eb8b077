"""A vocabulary that reads Chinese, that of `tiny_zh`: derived from Python's own codec."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")

_SIGNS = range(0xA1, 0xA2)
_CHARACTERS = range(0xB0, 0xF8)
"""Rows of GB 2312 by their first byte: punctuation and signs; 6,763 Chinese characters."""


def chinese_vocabulary(latin: Sequence[str]) -> tuple[str, ...]:
    """Word pieces for simplified Chinese among Latin words and numbers.

    A Chinese character is always a word of its own, so it needs no piece that continues a word. A
    sign that is no punctuation may stand within one, as in 120×170, and needs one.

    Args:
        latin: a vocabulary of which the pieces in printable ASCII are taken, specials left out.

    Returns:
        Pieces in the order of their ids, the special tokens first.
    """
    pieces = [*_SPECIAL]
    pieces += [
        piece for piece in latin
        if piece.isascii() and piece.isprintable()
        and not (piece.startswith("[") and piece.endswith("]"))]
    # GBK has the same row, with the dot and the dash that keyboards type: Python's GB 2312 has
    # their Japanese likes.
    for sign in _decoded(_SIGNS, "gbk"):
        # The others are folded to plain ones before pieces are looked up: … to three points.
        if unicodedata.normalize("NFKC", sign) == sign:
            pieces.append(sign)
            if not unicodedata.category(sign).startswith("P"):
                pieces.append(f"##{sign}")
    pieces += _decoded(_CHARACTERS, "gb2312")
    return tuple(dict.fromkeys(pieces))


def _decoded(rows: range, codec: str) -> Iterator[str]:
    """The characters of some rows; cells that the standard leaves empty are left out."""
    for row in rows:
        for cell in range(0xA1, 0xFF):
            yield from bytes((row, cell)).decode(codec, errors="ignore")
