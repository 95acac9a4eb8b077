import pytest

from pipeline.personal.emails import find_emails
from pipeline.personal.names import find_names, is_name_field
from pipeline.personal.spans import BLOT, FreeText


def found(text, free_text=FreeText.PROSE):
    emails = list(find_emails(text))
    rest = text
    for email in emails:
        rest = rest[:email.start] + BLOT * (email.end - email.start) + rest[email.end:]
    spans = find_names(rest, free_text, [text[email.start:email.end] for email in emails])
    return [text[span.start:span.end] for span in spans]


@pytest.mark.parametrize(("text", "name"), [
    ("my name is anna and I like tea", "anna"), ("My name's Anna Maria Schmidt.",
                                                 "Anna Maria Schmidt"),
    ("MY NAME IS ANNA SCHMIDT", "ANNA SCHMIDT"), ("ich heiße Jürgen Müller und", "Jürgen Müller"),
    ("Je m'appelle Zoë.", "Zoë"), ("Me llamo José García", "José García"), ("ik heet Jan", "Jan"),
    ("customer name: Liam O'Brien", "Liam O'Brien"), ("I'm Anna, 34", "Anna"),
    ("This is Paul from Texas", "Paul"), ("Best regards, John Smith", "John Smith"),
    ("Nice mug.\nCheers,\nPaul", "Paul"), ("Mit freundlichen Grüßen\nEva Braun", "Eva Braun"),
    ("Thanks, Anna\nanna@x.org", "Anna"), ("Dear Mr. Tanaka, thank you", "Tanaka"),
    ("Hi Anna, how are you?", "Anna"), ("Frau Dr. Meier said", "Meier"),
    ("ship to Vincent van Gogh please", "Vincent van Gogh"), ("attn: Wei Chen", "Wei Chen"),
    ("signed by Ivan Petrov", "Ivan Petrov"), ("меня зовут: Mr. Иван Петров", "Иван Петров"),
    ("我叫王小明，喜欢茶", "王小明"), ("收件人：李雷 地址", "李雷")])
def test_names_with_words_around_them(text, name):
    assert name in found(text)


@pytest.mark.parametrize("text", [
    "I love my Mr. Coffee maker", "Dr. Martens boots", "Mrs. Meyer's soap", "Hello Kitty mug",
    "I am Looking for a Mug", "I'm very happy", "I am German", "Dear Sir, hello", "Thanks Amazon!",
    "ship to United States", "ship to Berlin", "Case for LG Built-In Air Conditioner",
    "LG Electronics 5,000 BTU", "my name is on it", "Regards the colour, fine", "Black Oxide Pan",
    "brand name: Acme"])
def test_no_names(text):
    assert found(text) == []


@pytest.mark.parametrize(("text", "names"), [
    ("Anna Schmidt, anna.schmidt@x.org", ["Anna", "Anna Schmidt"]),
    ("by Anna Schmidt annaschmidt85@x.org", ["Anna Schmidt"]),
    ("by Anna Schmidt aschmidt@x.org", ["Anna Schmidt"]),
    ("Jane Smith <j.smith@x.org>", ["Jane Smith"]),
    ("anna wrote, anna.schmidt@x.org", ["anna"]),
    ("Sales and Support: sales@x.org, support@x.org", []),
    ("A mug, mug@x.org", [])])
def test_names_beside_their_address(text, names):
    assert found(text) == names


def test_queries_are_searched_for_the_plainest_words_only():
    assert found("mug, my name is Anna", FreeText.QUERY) == ["Anna"]
    assert found("Mr. Heater", FreeText.QUERY) == []
    assert found("my name is Anna", FreeText.CATALOGUE) == []


@pytest.mark.parametrize(("label", "is_name"), [
    ("name", True), ("First_Name", True), ("customer-name", True), ("Nachname", True),
    ("product_name", False), ("names", False), ("", False)])
def test_fields_of_names(label, is_name):
    assert is_name_field(label) == is_name
