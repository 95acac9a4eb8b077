"""Words beside which a name of a person stands: introductions, titles, addresses, greetings."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from pipeline.personal.spans import BLOT


def _letters(category: str) -> str:
    """Latin, Greek and Cyrillic letters of a case."""
    return "".join(c for c in map(chr, range(0x530)) if unicodedata.category(c) == category)


_LOWER, _UPPER = _letters("Ll"), _letters("Lu")
_WORD = (
    rf"(?:(?:O|D|L)['’]|Mc|Mac)?[{_UPPER}](?:[{_LOWER}]+|\.)"
    rf"(?:[-'’][{_UPPER}][{_LOWER}]+)?")
_PARTICLES = (
    r"(?: (?:van|von|vom|zu|zur|de|del|della|der|den|di|da|dos|du|la|le|el|al|bin|ben|ibn|ter))"
    r"{0,2}")
_NAME = rf"(?P<name>{_WORD}(?:{_PARTICLES} {_WORD}){{0,3}})"
_FULL_NAME = rf"(?P<name>{_WORD}(?:{_PARTICLES} {_WORD}){{1,3}})"
_CAPITALS = rf"[{_UPPER}]{{2,20}}(?: [{_UPPER}]{{2,20}}){{1,2}}"
_ANY_CASE = (
    rf"(?P<name>{_WORD}(?:{_PARTICLES} {_WORD}){{0,3}}|{_CAPITALS}"
    rf"|[^\W\d_]{{2,30}}\b(?:{_PARTICLES} {_WORD}){{0,3}})")


class Cue(NamedTuple):
    """Words that a name stands beside.

    Attributes:
        words: one of these, in lower case, is in every text that the pattern matches.
        pattern: its group "name" is the name.
        in_queries: whether it is looked for in queries as well.
        doubtful: whether what follows may well be another word, so that one that ends like an
            adverb or a participle is not taken for a name.
    """

    words: frozenset[str]
    pattern: re.Pattern[str]
    in_queries: bool = False
    doubtful: bool = False


def _cue(words: str, *pattern: str, in_queries: bool = False, doubtful: bool = False) -> Cue:
    return Cue(frozenset(words.split()), re.compile("".join(pattern)), in_queries, doubtful)


_INTRODUCTION = _cue(
    "name heiße heisse appelle nom llamo nombre chiamo nome heet naam chamo nazywam imię heter "
    "hedder adım me vorname nachname prénom apellido apellidos",
    r"(?:(?i:\bmy (?:full |first |last )?name(?: is|['’]s|:)",
    r"|\bmein name ist|\bich hei(?:ß|ss)e|\bje m['’]appelle|\bmon nom est|\bme llamo",
    r"|\bmi nombre es|\bmi chiamo|\bil mio nome è|\bik heet|\bmijn naam is|\bmeu nome é|\bme chamo",
    r"|\bnazywam się|\bmam na imię|\bjag heter|\bjeg hedder|\bjeg heter|\bbenim adım",
    r"|\b(?:full|first|last|customer|recipient|contact|cardholder|billing|shipping)",
    r"[ _-]?name ?[:=]|\b(?:vorname|nachname|nom|prénom|apellidos?|nombre) ?:)",
    rf"|\b[Cc]all me(?= [A-Z]))[ :=]{{0,2}}{_ANY_CASE}",
    in_queries=True, doubtful=True)

_TITLE = _cue(
    "mr mrs ms miss mx dr prof professor herr herrn frau monsieur madame mme mlle señor señora sra "
    "signor signora dhr mevr",
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Herrn?|Frau|Monsieur|Madame|Mme|Mlle|Señora?|Sra",
    rf"|Signora?|Dhr|Mevr)\b\.?(?: (?:Dr|Prof)\b\.?)? {_NAME}")

_I_AM = _cue(
    "i this",
    rf"(?:\b[Ii]['’]m|\b[Ii] am|\b[Tt]his is) {_NAME}",
    rf"(?=\s*(?:[,.!;:)(\n-]|$|{BLOT}|(?:and|from|here|at)\b))", doubtful=True)

_SHIPPING = _cue(
    "ship shipped shipping deliver delivered delivery send sent addressed gift present liefern "
    "lieferung senden",
    r"(?i:\b(?:ship(?:ped|ping)?|deliver(?:ed|y)?|send|sent|addressed|lieferung|liefern|senden)",
    rf" (?:it |this |them )?(?:to|an)|\b(?:gift|present) for) {_FULL_NAME}")

_ATTENTION = _cue(
    "attn attention c recipient customer hd ask",
    r"(?i:\battn\b\.?:?|\battention:|\bc/o|\brecipient:|\bcustomer:|\bz\.? ?hd\.?|\bask for) ?",
    _NAME, in_queries=True)

_SALUTATION = _cue(
    "dear hi hello hey hallo liebe lieber sehr cher chère bonjour hola querido querida estimado "
    "estimada ciao gentile beste drogi droga",
    r"(?:^|(?<=[\n.!?] )|(?<=\n))(?i:dear|hi|hello|hey|hallo|lieber?|sehr geehrter?|cher|chère",
    r"|bonjour|hola|querid[oa]|estimad[oa]|ciao|gentile|beste|drog[ia]),?",
    rf" {_NAME}(?=\s?(?:[,!\n:-]|{BLOT}|$))")

_CLOSE = _cue(
    "regards wishes sincerely yours cheers thanks thank signed grüßen grüssen grüße grüsse mfg lg "
    "cordialement saludos atentamente saluti groet groeten groetjes pozdrawiam mvh",
    r"(?:(?i:\b(?:regards|wishes|sincerely(?: yours)?|yours(?:,| truly| sincerely| faithfully)",
    r"|cheers|thanks(?: again)?,|thank you,|signed(?: by)?|grü(?:ß|ss)en?|cordialement|saludos",
    r"|atentamente|saluti|groet(?:en|jes)?|pozdrawiam))|(?:^|[\n.!?,] ?)(?:MfG|mfg|LG|lg|Mvh|mvh))",
    rf"(?!\w)\s?[,.!:\n-]{{0,2}}\s{{0,3}}{_NAME}",
    rf"(?=\s*[.!]?\s*(?:$|\n|[(<]?{BLOT}|(?i:tel|phone|e-?mail|mob)\b))")

CUES = (_INTRODUCTION, _TITLE, _I_AM, _SHIPPING, _ATTENTION, _SALUTATION, _CLOSE)

CUE_WORDS = frozenset().union(*(cue.words for cue in CUES))
"""In lower case; a text without one of them has no cue."""

CHINESE_CUE = re.compile(
    r"(?:我的名字(?:叫|是)|我叫|(?:姓名|收件人|联系人)[:：]?)\s?"
    r"(?P<name>[\u4e00-\u9fff]{2,4}(?=[,，。.!！;；\s\d]|$)|[\u4e00-\u9fff]{2,3})")
