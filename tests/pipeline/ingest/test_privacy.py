import pickle

import pytest

from pipeline.config import ConfigError, Ingest
from pipeline.ingest.contract import TABLES, Repair
from pipeline.ingest.privacy import Privacy, Protection, show_columns
from pipeline.personal.hashing import UserKey, hash_unkeyed, hash_user
from pipeline.personal.spans import FreeText, Kind

KEY = "2:0123456789abcdef"


def test_ids_are_hashed_where_there_is_a_key():
    key = UserKey.parse(KEY)
    for mask in (True, False):
        assert Protection(mask=mask, key=key).user_id("u1") == (
            hash_user("u1", key), Repair.IDS_HASHED)


@pytest.mark.parametrize("hashed_with", [KEY, f"1:{KEY}"])
@pytest.mark.parametrize("key", [UserKey.parse(KEY), None])
def test_what_is_a_hash_already_is_not_hashed_again(hashed_with, key):
    hashed = hash_user("u1", UserKey.parse(hashed_with))
    assert Protection(key=key).user_id(hashed) == (hashed, None)
    for other in (hashed.upper(), hashed[:-1], f"{hashed}0", f"x{hashed}", f"{hashed}\n"):
        assert Protection(key=UserKey.parse(KEY)).user_id(other)[1] is Repair.IDS_HASHED


@pytest.mark.parametrize(("user_id", "replaced"), [
    ("17850", False), ("user-4711", False), ("a3f8", False), ("2020010112345", False),
    ("anna@example.org", True), ("+4915123456789", True), ("4111 1111 1111 1111", True)])
def test_without_a_key_only_ids_that_tell_a_person_are_replaced(user_id, replaced):
    expected = (hash_unkeyed(user_id), Repair.IDS_REPLACED) if replaced else (user_id, None)
    assert Protection().user_id(user_id) == expected
    assert Protection(mask=False).user_id(user_id) == (user_id, None)


def test_texts_stay_as_they_are_where_masking_is_off():
    assert Protection(mask=False).text("anna@x.org", FreeText.PROSE, end=6) == ("anna@x", {})


def test_numbers_that_are_a_persons_are_masked_as_texts_are():
    protection = Protection()
    assert protection.number(4111111111111111, FreeText.PROSE, "x") == ("[card]", {Kind.CARD: 1})
    assert protection.number(12345678, FreeText.PROSE, "phone") == ("[phone]", {Kind.PHONE: 1})
    assert protection.number(12345678, FreeText.PROSE, "sales") is None
    assert protection.number(1_700_000_000, FreeText.PROSE, "seen") is None
    assert protection.number(4111111111111111, FreeText.CATALOGUE, "serial") is None
    assert protection.number(5, FreeText.PROSE, "phone") is None


def test_anything_is_masked_at_every_depth():
    row = {
        "query": "ask anna@x.org", "deep": [{"bob@x.org": ("call 555-1234", 2.5, None, True)}],
        "card": 4111111111111111, "huge": 2**70, "raw": b"eve@x.org", "long": "x" * 50}
    assert Protection().anything(row, most_chars=20) == {
        "query": "ask [email]", "deep": [{"[email]": ["call [phone]", 2.5, None, True]}],
        "card": "[card]", "huge": str(2**70)[:20], "raw": "[email]", "long": "x" * 20}


def test_the_key_of_the_worker_is_the_key_of_the_run(monkeypatch):
    privacy = Privacy(key_fingerprint=UserKey.parse(KEY).fingerprint)
    assert "0123456789abcdef" not in str(privacy)
    assert b"0123456789abcdef" not in pickle.dumps(privacy)
    with pytest.raises(ConfigError, match=r"EMPORIUM_USER_KEY is not set here.* knew a key\."):
        privacy.protection()
    monkeypatch.setenv("EMPORIUM_USER_KEY", KEY)
    assert privacy.protection().key == UserKey.parse(KEY)
    monkeypatch.setenv("EMPORIUM_USER_KEY", f"{KEY}x")
    with pytest.raises(ConfigError, match="EMPORIUM_USER_KEY is another here") as caught:
        privacy.protection()
    assert "0123456789abcdef" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"is another here.* which knew none\."):
        Privacy().protection()


def test_what_the_settings_say_is_done():
    settings = Ingest(mask_personal_data=False, phone_regions=("FR",))
    assert Privacy.of(settings, "x") == Privacy(False, ("FR",), "x")
    assert Privacy.of(Ingest(), "") == Privacy()


def test_a_row_in_the_place_of_the_header_is_masked():
    assert show_columns(TABLES["judgments"], ["query", "mug anna@x.org", "3"]) == (
        "query, mug [email], 3")
    assert show_columns(TABLES["users"], ["user_id", "Anna"]) == "user_id, 1 unknown (not shown)"
