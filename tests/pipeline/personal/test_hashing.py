import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.personal.hashing import UserKey, UserKeyError, hash_unkeyed, hash_user, is_hash

SECRET = "0123456789abcdef"


def test_a_hash_is_the_version_and_half_of_an_hmac():
    digest = hmac.new(SECRET.encode(), b"user 17850", hashlib.sha256).hexdigest()
    assert hash_user("17850", UserKey.parse(f"B2:{SECRET}")) == f"kB2-{digest[:32]}"


@given(st.text(max_size=9), st.text(max_size=9))
def test_ids_are_told_apart_and_keys_are(first, second):
    key, other = UserKey.parse(SECRET), UserKey.parse(f"1:{SECRET[::-1]}")
    assert (hash_user(first, key) == hash_user(second, key)) == (first == second)
    assert hash_user(first, key) != hash_user(first, other)
    assert hash_unkeyed(first) != hash_user(first, key)


@given(st.text(max_size=9), st.from_regex("[A-Za-z0-9]{1,8}", fullmatch=True))
def test_a_hash_is_told_from_what_is_none(user_id, version):
    assert is_hash(hash_user(user_id, UserKey(version, SECRET.encode())))
    assert not is_hash(hash_unkeyed(user_id))
    assert not is_hash(user_id)


def test_a_key_without_a_version_is_the_first():
    assert UserKey.parse(SECRET) == UserKey.parse(f"1:{SECRET}") == UserKey("1", SECRET.encode())


@pytest.mark.parametrize(("text", "said"), [
    ("short", "has 5 bytes, 16 are the least"), ("2:short", "has 5 bytes"), ("2:", "has 0 bytes"),
    (f":{SECRET}", "first colon"), (f"a-b:{SECRET}", "first colon"),
    (f"version10:{SECRET}", "first colon")])
def test_keys_that_cannot_be_used_are_refused_without_showing_them(text, said):
    with pytest.raises(UserKeyError, match=said) as caught:
        UserKey.parse(text)
    assert SECRET not in str(caught.value)
    assert "short" not in str(caught.value)


def test_bytes_count_not_characters():
    assert UserKey.parse("é" * 8).secret == ("é" * 8).encode()


def test_the_secret_is_in_no_text_of_the_key():
    key = UserKey.parse(SECRET)
    assert SECRET not in repr(key)
    assert key.fingerprint.startswith("1-")
    assert key.fingerprint != UserKey.parse(f"2:{SECRET}").fingerprint
    assert key.fingerprint != UserKey.parse(f"{SECRET}x").fingerprint
