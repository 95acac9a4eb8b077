import pytest

from pipeline.personal.emails import find_emails


def found(text):
    return [text[span.start:span.end] for span in find_emails(text)]


@pytest.mark.parametrize(("text", "emails"), [
    ("write to anna.schmidt@example.com.", ["anna.schmidt@example.com"]),
    ("anna+shop@mail.example.co.uk, bob@x.org!", ["anna+shop@mail.example.co.uk", "bob@x.org"]),
    ("<ANNA@EXAMPLE.COM>", ["ANNA@EXAMPLE.COM"]),
    ("mailto:o'neil@example.org?subject=x", ["o'neil@example.org"]),
    ("anna@bücher.example", ["anna@bücher.example"]),
    ("jürgen@müller.de", ["jürgen@müller.de"]),
    ("a@xn--bcher-kva.ch", ["a@xn--bcher-kva.ch"]),
    ("用户@例子.中国", ["用户@例子.中国"]),
    ("邮箱anna@example.com谢谢", ["anna@example.com"]),
    ('"john.doe"@example.org', ['"john.doe"@example.org']),
    ("root@[192.168.0.1]", ["root@[192.168.0.1]"]),
    ("anna%40example.com", ["anna%40example.com"]),
    ("anna&#64;example.com", ["anna&#64;example.com"]),
    ("at anna@gmail", ["anna@gmail"]),
    ("anna @ example.com", ["anna @ example.com"]),
    ("to anna@ example.com", ["anna@ example.com"]),
])
def test_addresses(text, emails):
    assert found(text) == emails


@pytest.mark.parametrize("text", [
    "anna (at) example.com", "anna[at]example.com", "anna (at) example (dot) com",
    "anna(at)example(dot)co(dot)uk", "anna at example dot com", "ANNA AT EXAMPLE DOT COM",
    "anna.s at gmail.com", "anna (ät) beispiel punkt de", "ana arroba ejemplo punto es",
    "anna dot s at mail dot example dot com", "anna {at} example.org"])
def test_addresses_that_are_spelled(text):
    assert found(f"ask {text}, please") == [text]


@pytest.mark.parametrize("text", [
    "1920x1080@60fps", "icon@2x.png", "300M: -71dBm@10% PER", "@acme", "5 @ 3.50", "a@b",
    "sold at homedepot.com", "available at www.amazon.com/temo", "look at this dot matrix printer",
    "meet (at) noon", "dot com", "@" * 1000, "x" * 10_000 + "@", "& & &"])
def test_no_addresses(text):
    assert found(text) == []


def test_two_at_signs_share_nothing():
    assert found("a@x.com@y.com") == ["a@x.com"]
