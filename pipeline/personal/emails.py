"""E-mail addresses: as they are, and as people write them to hide them from machines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.personal.spans import Kind, Span

_WINDOW = 100
"""Characters before an at sign in which the local part is looked for; 64 are allowed."""

# Scripts without spaces: a word of them beside an address is no part of it.
_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
_MARKS = "\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e"
_LETTER = rf"(?:[^\W_{_CJK}]|[{_MARKS}])"

_AT = re.compile(
    r"""(?P<sign>@|%40|&\#0?64;|&\#x40;|&commat;|\\u0040)
    | \s?[\[({<]\s?(?:at|ät|@|arroba|chez|kukac|malpa)\s?[\])}>]\s?
    | (?<=\w)\s(?P<word>at|arroba)\s(?=\w)
    """, re.IGNORECASE | re.VERBOSE)
_HIDDEN_AT = re.compile(
    r"[ \[({<](?:at|ät|arroba|chez|kukac|malpa)[ \])}>]", re.IGNORECASE)

# Of the text before an at sign, read backwards.
_LOCAL = re.compile(
    rf"""(?:"[^"\s]{{1,60}}"|(?:{_LETTER}|[0-9._%+'&*/=?^`{{|}}~!#$-]){{1,64}})"""
    rf"|[{_CJK}\w.+-]{{1,64}}")
_SPELLED_LOCAL = re.compile(
    rf"(?:{_LETTER}|[0-9_+-]){{1,64}}"
    rf"(?:(?:\.|\s?[\[({{]\s?(?:dot|punkt|punto|ponto|point|\.)\s?[\])}}]\s?|\s(?:dot|punkt)\s)"
    rf"(?:{_LETTER}|[0-9_+-]){{1,64}}){{0,4}}$", re.IGNORECASE)

_LABEL = rf"(?:{_LETTER}|[0-9])(?:(?:{_LETTER}|[0-9-]){{0,61}}(?:{_LETTER}|[0-9]))?"
_CJK_LABEL = rf"[{_CJK}\w](?:[{_CJK}\w-]{{0,61}}[{_CJK}\w])?"
_PICTURE = r"(?:png|jpe?g|gif|svg|webp|bmp|tiff?|pdf)\b"  # As in icon@2x.png.
_MAILBOX = (
    r"(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|aol|icloud|me|gmx|web|t-online"
    r"|freenet|proton|protonmail|posteo|mailbox|mail|yandex|qq|163|126|naver|orange|free|laposte"
    r"|wanadoo|libero|comcast|verizon|btinternet)")
_DOMAIN = re.compile(
    rf"(?:(?:{_LABEL}\.)+(?!{_PICTURE})(?:xn--[a-z0-9-]{{2,59}}|{_LETTER}{{2,63}})"
    rf"|\[(?:IPv6:)?[0-9a-f.:]{{3,45}}\]"
    rf"|(?:{_CJK_LABEL}\.)+[{_CJK}]{{2,6}}"
    r"|(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|gmx)\b)", re.IGNORECASE)

_KNOWN_END = (
    r"(?:com|org|net|edu|gov|info|biz|shop|store|io|co|me|eu|de|at|ch|fr|es|it|nl|be|lu|dk|se|no|fi"
    r"|pl|cz|sk|hu|ro|bg|gr|pt|ie|uk|us|ca|mx|br|ar|cl|cn|hk|tw|jp|kr|in|au|nz|za|ru|ua|tr|il)\b")
_SPOKEN_DOT = (
    r"(?:\s?[\[({<]\s?(?:dot|punkt|punto|ponto|point|\.)\s?[\])}>]\s?"
    r"|\s(?:dot|punkt|punto|ponto)\s)")
_DOT = rf"(?:\.|{_SPOKEN_DOT})"
_SPELLED_DOMAIN = re.compile(
    rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}?{_DOT}{_KNOWN_END}"
    rf"(?:{_DOT}(?:uk|au|nz|za|in|jp|br|mx|cn|tr)\b)?", re.IGNORECASE)
_SURELY_SPELLED = re.compile(rf"{_MAILBOX}\.|.*{_SPOKEN_DOT}", re.IGNORECASE)
_SPACED_DOMAIN = re.compile(rf" {{0,2}}(?:{_LABEL}\.){{1,4}}{_KNOWN_END}", re.IGNORECASE)


def find_emails(text: str) -> Iterator[Span]:
    """Yields the e-mail addresses of a view."""
    done = 0
    for at in _AT.finditer(text):
        before = text[max(done, at.start() - _WINDOW):at.start()]
        domain, local = _plain(before, text, at) if at["sign"] else _spelled(before, text, at)
        if domain and local:
            done = domain.end()
            yield Span(at.start() - local, done, Kind.EMAIL)


def may_hold_email(text: str) -> bool:
    """Whether there is an at sign, or what may stand for one, in a view."""
    return "@" in text or "%40" in text or "&" in text or "\\u0040" in text or (
        _HIDDEN_AT.search(text) is not None)


_Found = tuple[re.Match[str] | None, int]
"""The domain, and how many characters before the at sign are the local part."""


def _plain(before: str, text: str, at: re.Match[str]) -> _Found:
    """What is beside an at sign."""
    backwards = before[::-1]
    local = _LOCAL.match(backwards)
    domain = _DOMAIN.match(text, at.end()) or _SPELLED_DOMAIN.match(text, at.end())
    if local and domain:
        return domain, local.end()
    # Spaces where none belong: the end of the domain has to be one that is known.
    spaces = len(backwards) - len(backwards.lstrip(" "))
    local = _LOCAL.match(backwards, spaces)
    return _SPACED_DOMAIN.match(text, at.end()), local.end() if local else 0


def _spelled(before: str, text: str, at: re.Match[str]) -> _Found:
    """What is beside a word that stands for an at sign."""
    domain = _SPELLED_DOMAIN.match(text, at.end())
    if domain is None or (at["word"] and not _SURELY_SPELLED.match(domain[0])):
        return None, 0  # "sold at homedepot.com"
    local = _SPELLED_LOCAL.search(before)
    return domain, len(before) - local.start() if local else 0
