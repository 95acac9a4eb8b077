"""Personal data as people write it: e-mail addresses, phone and card numbers, names.

Written from what countries, card issuers and people do, and not from what the masker looks for: it
shares no list and no pattern with `pipeline.personal`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

# How numbers are written by country. "x" is any digit, "n" one from 2 to 9; the rest is as it is.
PHONES = {
    "United States": (
        "(415) nxx-xxxx", "212-nxx-xxxx", "312.nxx.xxxx", "617 nxx xxxx", "+1 206 nxx xxxx",
        "+1 (305) nxx-xxxx", "1-702-nxx-xxxx", "+1-512-nxx-xxxx", "(646)nxx-xxxx", "303/nxx-xxxx",
        "+1404nxxxxxx", "408nxxxxxx", "(503) nxx-xxxx ext. xx", "001-214-nxx-xxxx"),
    "Canada": ("(416) nxx-xxxx", "604-nxx-xxxx", "+1 514 nxx xxxx", "1 (403) nxx-xxxx"),
    "United Kingdom": (
        "07911 1xxxxx", "07700 900xxx", "+44 7911 1xxxxx", "+44 (0)7911 1xxxxx", "020 7946 0xxx",
        "(020) 7946 0xxx", "0161 496 0xxx", "0161-496-0xxx", "+44 20 7946 0xxx", "00447911 1xxxxx",
        "+447911 1xx xxx", "07911 1xx xxx", "079111xxxxx"),
    "Germany": (
        "0151 2345xxxx", "0151/2345xxxx", "0170 nxxxxxx", "+49 151 2345xxxx", "+49 (0)170 nxxxxxx",
        "0049 170 nxxxxxx", "030 nxxxxxxx", "030/nxx xxxxx", "(089) nxxxxxxx", "0221-nxxxxxx",
        "+49 30 nxxxxxxx", "+4915123xxxxxx", "0176 2xx xxx xx", "01752xxxxxx"),
    "France": (
        "06 1n xx xx xx", "06.1n.xx.xx.xx", "06-1n-xx-xx-xx", "01 4n xx xx xx", "+33 6 1n xx xx xx",
        "+33 (0)6 1n xx xx xx", "0033 6 1n xx xx xx", "061nxxxxxx", "+3361nxxxxxx"),
    "Spain": (
        "61n xxx xxx", "65n xx xx xx", "91n xx xx xx", "+34 61n xxx xxx", "+34 91n xx xx xx",
        "0034 61n xxx xxx", "(+34) 61n xx xx xx", "61n-xxx-xxx"),
    "Italy": (
        "347 nxxxxxx", "347 nxx xxxx", "+39 347 nxx xxxx", "02 4801 xxxx", "06 4880 xxxx",
        "+39 02 4801xxxx", "0039 347 nxxxxxx", "349-nxxxxxx"),
    "Netherlands": (
        "06-2nxxxxxx", "06 2n xx xx xx", "+31 6 2nxxxxxx", "020-624xxxx", "020 624 xxxx",
        "0031 6 2nxxxxxx", "+31 (0)6 2nxx xxxx", "062nxxxxxx"),
    "Poland": ("501 nxx xxx", "+48 601 nxx xxx", "501-nxx-xxx", "22 621 xx xx", "(22) 621 xx xx"),
    "Sweden": ("070-174 xx xx", "070 174 xx xx", "+46 70 174 xx xx", "08-506 xxx xx"),
    "Switzerland": (
        "079 nxx xx xx", "+41 79 nxx xx xx", "044 nxx xx xx", "0041 79 nxx xx xx", "079/nxx xx xx"),
    "Austria": ("0664 nxxxxxx", "+43 664 nxx xxxx", "01 5125xxx", "0676/nxxxxxx"),
    "Australia": (
        "0412 nxx xxx", "+61 412 nxx xxx", "(02) 9nxx xxxx", "02 9nxx xxxx", "+61 (0)2 9nxx xxxx",
        "0412nxxxxx"),
    "India": (
        "98765 xxxxx", "+91 98765 xxxxx", "+91-98765-xxxxx", "098765 xxxxx", "022 2202 xxxx",
        "+91 22 2202 xxxx", "98765xxxxx", "0091 98765 xxxxx"),
    "China": (
        "138 nxxx xxxx", "138-nxxx-xxxx", "+86 138 nxxx xxxx", "138nxxxxxxx", "(010) 6552 xxxx",
        "010-6552xxxx", "+86 10 6552 xxxx", "0086 138 nxxx xxxx"),
    "Japan": (
        "090-2nxx-xxxx", "080 2nxx xxxx", "+81 90 2nxx xxxx", "03-3nxx-xxxx", "(03) 3nxx-xxxx",
        "+81-3-3nxx-xxxx", "0902nxxxxxx"),
    "Brazil": (
        "(11) 9nxxx-xxxx", "11 9nxxx-xxxx", "+55 11 9nxxx-xxxx", "(21) 3nxx-xxxx",
        "+55 (11) 9nxxx xxxx", "(11)9nxxx-xxxx"),
    "Turkey": ("0532 nxx xx xx", "+90 532 nxx xx xx", "(0532) nxx xx xx", "0212 2nx xx xx"),
    "Israel": ("+972 50 nxx xxxx", "+972-50-nxxxxxx", "00972 50 nxx xxxx"),
    # Area codes that are in use and such that are not.
    "United States, any area": (
        "(nxx) nxx-xxxx", "nxx-nxx-xxxx", "nxx.nxx.xxxx", "nxx nxx xxxx", "+1 nxx nxx xxxx",
        "nxxnxxxxxx"),
    "United Kingdom, any area": (
        "0nxxx xxxxxx", "(0nxxx) xxxxxx", "+44 (0)nxxx xxxxxx", "07xxx xxxxxx"),
    "Germany, any area": ("0nxxx xxxxxx", "0nxx/xxxxxxx", "+49 nxxx xxxxxx", "0nxxxxxxxxx"),
    "Brazil, any area": ("(nn) 9xxxx-xxxx", "+55 nn 9xxxx-xxxx", "nn 9xxxx-xxxx"),
    "Denmark": ("+45 2n xx xx xx", "+45 2nxxxxxx", "0045 2n xx xx xx"),
}

CARDS = {  # Issuer: first digits that it gives out, how many digits, groups.
    "Visa": (("4",), 16, (4, 4, 4, 4)),
    "Mastercard": (("51", "52", "53", "54", "55", "2221", "2345", "2720"), 16, (4, 4, 4, 4)),
    "American Express": (("34", "37"), 15, (4, 6, 5)),
    "Discover": (("6011", "644", "65"), 16, (4, 4, 4, 4)),
    "JCB": (("3528", "3550", "3589"), 16, (4, 4, 4, 4)),
    "Diners Club": (("300", "305", "36", "38"), 14, (4, 6, 4)),
    "Maestro": (("5018", "6304", "6759"), 16, (4, 4, 4, 4)),
    "UnionPay": (("62",), 16, (4, 4, 4, 4)),
}
CARD_SEPARATORS = ("", " ", "-", ".", "\u00a0", "  ", " - ", "\u2013", "\u202f")

FIRST = (
    "Anna", "Maria", "Julia", "Sophie", "Laura", "Emma", "Olga", "Fatima", "Aisha", "Yuki",
    "Mei", "Priya", "Chiara", "Lucia", "Ingrid", "Agata", "Peter", "Paul", "Jonas", "Lukas",
    "Daniel", "David", "Thomas", "Ahmed", "Omar", "Hiroshi", "Wei", "Rahul", "Marco", "Diego",
    "Lars", "Piotr", "José", "Zoë", "Jürgen", "Renée", "Søren", "Łukasz")
LAST = (
    "Schmidt", "Meier", "Johnson", "Williams", "Garcia", "Martinez", "Rossi", "Ferrari",
    "Dubois", "Lefebvre", "Jansen", "Kowalski", "Nowak", "Svensson", "Tanaka", "Suzuki", "Wang",
    "Chen", "Patel", "Sharma", "Silva", "Santos", "Yilmaz", "Kaya", "O'Brien", "Murphy",
    "Fischer", "Weber", "Müller", "Nielsen", "Andersson", "Novák")
MAILBOXES = (
    "gmail.com", "yahoo.com", "hotmail.co.uk", "outlook.com", "gmx.de", "web.de", "t-online.de",
    "free.fr", "libero.it", "qq.com", "163.com", "mail.ru", "example.org",
    "firma-mustermann.de", "mail.some-company.io", "uni-köln.de", "bücher.example.com",
    "shop.co.jp", "edu.univ.ac.at", "xn--bcher-kva.ch")

NAME_CUES = (
    "my name is {}.", "My name is {} and I ordered this.", "regards, {}", "Best regards,\n{}",
    "Dear Mr. {}, thank you.", "signed {}", "ship to {} please", "I'm {}, and I love it.",
    "Mit freundlichen Grüßen\n{}", "Je m'appelle {}.", "attn: {}", "Ask for Mrs. {}.")
NAME_UNCUED = ("{} said it is fine.", "bought it for {} last week", "{} and I use it daily.")

# What exports and web pages make of a text, in which a reader still sees the same.
HIDINGS: dict[str, Callable[[str, random.Random], str]] = {
    "&nbsp;": lambda text, _: text.replace(" ", "&nbsp;"),
    "<br>": lambda text, _: text.replace(" ", "<br>"),
    "<b>": lambda text, _: " ".join(f"<b>{group}</b>" for group in text.split(" ")),
    "named entities": lambda text, _: text.translate(str.maketrans(
        {"@": "&commat;", ".": "&period;", "+": "&plus;", " ": "&Tab;", "(": "&lpar;"})),
    "an entity": lambda text, rng: _changed(text, rng, lambda c: f"&#{ord(c)};"),
    "a hexadecimal entity": lambda text, rng: _changed(text, rng, lambda c: f"&#x{ord(c):x};"),
    "an escaped entity": lambda text, rng: _changed(text, rng, lambda c: f"&amp;#{ord(c)};"),
    "zero width, read as Windows-1252": lambda text, rng: _changed(
        text, rng, lambda c: f"{c}\u200b".encode().decode("cp1252")),
    "no-break space, read as Latin-1": lambda text, _: text.replace(
        " ", "\u00a0".encode().decode("latin-1")),
    "a control character": lambda text, rng: _changed(text, rng, lambda c: f"{c}\x07"),
    "tabs": lambda text, _: text.replace(" ", "\t"),
    "many spaces": lambda text, _: text.replace(" ", " " * 6),
}


class Secret(NamedTuple):
    """Something personal.

    Attributes:
        kind: email, phone, card or name.
        form: what it is an example of, for the table.
        text: as it is written.
        trace: what must not be left of it: the last six digits of a number, else text.
    """

    kind: str
    form: str
    text: str
    trace: str


def phone(rng: random.Random) -> Secret:
    country = rng.choice(sorted(PHONES))
    pattern = rng.choice(PHONES[country])
    text = "".join(
        rng.choice("0123456789") if c == "x" else rng.choice("23456789") if c == "n" else c
        for c in pattern)
    if " " in text and rng.random() < 0.1:
        text = text.replace(" ", rng.choice("\u00a0\u202f\u2009"))
    if "-" in text and rng.random() < 0.1:
        text = text.replace("-", rng.choice("\u2010\u2011\u2013"))
    if rng.random() < 0.03:
        text = full_width(text)
    number = text.split(" ext.")[0]
    return Secret("phone", country, text, digits_of(number)[-6:])


def card(rng: random.Random) -> Secret:
    issuer = rng.choice(sorted(CARDS))
    starts, length, sizes = CARDS[issuer]
    start = rng.choice(starts)
    body = start + "".join(rng.choice("0123456789") for _ in range(length - 1 - len(start)))
    [check] = [digit for digit in "0123456789" if _luhn_sum(body + digit) % 10 == 0]
    digits = body + check
    groups, place = [], 0
    for size in sizes:
        groups.append(digits[place:place + size])
        place += size
    text = rng.choice(CARD_SEPARATORS).join(groups)
    return Secret("card", issuer, full_width(text) if rng.random() < 0.03 else text, digits[-6:])


def email(rng: random.Random) -> Secret:
    # Eight letters in a row that no product has, so that a trace is one.
    token = "".join(rng.choice("bcdfghjklmnpqrstvwxz") for _ in range(8))
    first, last = rng.choice(FIRST).lower(), rng.choice(LAST).lower().replace("'", "")
    local = rng.choice((
        f"{token}", f"{first}.{token}", f"{first}_{token}", f"{token}{rng.randint(1, 2010)}",
        f"{first[0]}.{token}", f"{token}+shop", f"{first}-{last}.{token}", f"{token}.{last}"))
    domain = rng.choice(MAILBOXES)
    form, pattern = rng.choice((
        *[("plain", "{l}@{d}")] * 6, ("capitals", "{L}@{D}"), ("brackets", "<{l}@{d}>"),
        ("mailto", "mailto:{l}@{d}"), ("full stop", "{l}@{d}."), ("comma", "{l}@{d},"),
        ("quoted", "'{l}@{d}'"), ("full width", "{w}"), ("(at)", "{l} (at) {d}"),
        ("[at] [dot]", "{l} [at] {dot}"), ("(at)(dot)", "{l}(at){tight}"),
        ("at dot", "{l} at {spoken}"), ("AT DOT", "{l} AT {SPOKEN}"), ("spaces", "{l} @ {d}"),
        ("%40", "{l}%40{d}"), ("zero width", "{l}\u200b@{d}")))
    text = pattern.format(
        l=local, d=domain, L=local.upper(), D=domain.upper(), w=full_width(f"{local}@{domain}"),
        dot=domain.replace(".", " [dot] "), tight=domain.replace(".", "(dot)"),
        spoken=domain.replace(".", " dot "), SPOKEN=domain.replace(".", " DOT "))
    return Secret("email", form, text, token)


def name(rng: random.Random, cued: bool) -> Secret:
    who = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    sentence = rng.choice(NAME_CUES if cued else NAME_UNCUED)
    return Secret("name", "with a cue" if cued else "without", sentence.format(who), who)


def hide(text: str, hiding: str, rng: random.Random) -> str:
    """A text as one of `HIDINGS` leaves it."""
    return HIDINGS[hiding](text, rng)


def digits_of(text: str) -> str:
    """The digits of a text, of any script, one after the other."""
    return "".join(str(int(c)) for c in text if c.isdecimal())


def full_width(text: str) -> str:
    """The text in full-width characters, as East Asian keyboards give it."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _changed(text: str, rng: random.Random, change: Callable[[str], str]) -> str:
    """The text with one of its ASCII characters changed, if it has any."""
    places = [place for place, c in enumerate(text) if c.isascii()]
    if not places:
        return text
    place = rng.choice(places)
    return text[:place] + change(text[place]) + text[place + 1:]


def _luhn_sum(digits: str) -> int:
    """Every second digit from the right counts double, as the sum of its digits (ISO/IEC 7812)."""
    odd = sum(int(d) for d in digits[-1::-2])
    even = sum(sum(map(int, str(2 * int(d)))) for d in digits[-2::-2])
    return odd + even
