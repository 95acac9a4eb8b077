"""What stands around a telephone number, and around numbers that are something else."""

from __future__ import annotations

import re

CUE_CHARS = 48
"""Characters before a number among which `CUE` and the like are looked for."""

_LINK = (
    r"(?:\W{0,3}\b(?:numbers?|no|nr|num|is|ist|est|es|me|us|mich|uns|at|on|under|unter|auf|to|my"
    r"|meine|via|le|al|au|it|or|oder)\b){0,4}\W{0,3}$")
_DEVICE = (
    r"\b(?:phone|mobile|cell|cellphone|handy|fax|text|mobil|m[óo]vil|portable|contact)\b")

WORD = re.compile(r"[^\W\d_]|[#№$€£¥]")
"""What every cue has."""

CUE = re.compile(
    r"(?:\b(?:tel|telephone|phone (?:number|no|nr)|call|calls|dial|whats ?app|sms|viber"
    r"|signal|telegram|my number|ring|reach|telefon|telefonnummer|rufnummer|handynummer"
    r"|mobilnummer|fon|anrufen|ruf|rufen|t[ée]l|t[ée]l[ée]phone|appelez|appeler|tel[ée]fono"
    r"|llamar|llame|llamad|chiamare|cellulare|telefoon|bellen|bel|telefone|celular|telefonu?m?"
    rf"|kom[óo]rka)\b|{_DEVICE}(?=\W{{0,3}}:|\W{{0,3}}\b(?:numbers?|no|nr|is|me|us)\b)"
    rf"|[电電]話|[电電]话|手机|手機|携帯|전화|휴대폰|联系|致电|微信){_LINK}", re.IGNORECASE)
"""Says, right before a number, that it is a telephone's."""

PROSE_CUE = re.compile(f"{_DEVICE}{_LINK}", re.IGNORECASE)
"""The same in a sentence; in a search or a title these words are goods."""

ARTICLE_CUE = re.compile(
    r"(?:\b(?:model|sku|item|items|article|artikel|artikelnummer|part|parts|upc|ean|gtin|isbn"
    r"|asin|mpn|ref|order|invoice|serial|sn|pn|code|hs|internet|product|produkt)\b"
    r"|\b(?:no|nr|art)\.|[#№$€£¥])(?:\W{0,3}\b(?:numbers?|no|nr|code|id|is)\b){0,2}\W{0,3}$",
    re.IGNORECASE)
"""Says, right before a number, that it is an article's or a price."""

EXTENSION = re.compile(
    r"[ ,;]{0,2}(?:x|ext|ex|extn|extension|durchwahl|dw|poste|int)[.: ]{0,2}\d{1,6}(?!\w)",
    re.IGNORECASE)

_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
DATE = re.compile(
    rf"(?:{_DAY}([./ -]){_MONTH}\1{_YEAR}|{_MONTH}([./ -]){_DAY}\2{_YEAR}"
    rf"|{_YEAR}([./-]){_MONTH}\3{_DAY})(?!\d)")

INTERNET_ADDRESS = re.compile(r"(?:[12]?\d?\d\.){3}[12]?\d?\d")
