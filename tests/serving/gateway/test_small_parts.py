"""Rates, masks, keys, counts and settings."""

import pathlib

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import StartupError
from serving.gateway.api_keys import ApiKeys, hash_key, new_key
from serving.gateway.errors import of_model_call
from serving.gateway.guard import content_security_policy
from serving.gateway.masking import mask
from serving.gateway.rate_limit import RateLimiter
from serving.gateway.settings import GatewayConfig
from serving.gateway.traffic import MINUTES, QueryCounts, Traffic
from tests.clock import Clock


def test_a_bucket_empties_and_fills():
    clock = Clock()
    limiter = RateLimiter(rate=0.5, burst=2, clock=clock)
    assert [limiter.take("a") for _ in range(3)] == [0, 0, 2]
    assert limiter.take("b") == 0
    clock.now += 1
    assert limiter.take("a") == 1
    clock.now += 1
    assert [limiter.take("a"), limiter.take("a")] == [0, 2]
    clock.now += 1000
    assert [limiter.take("a") for _ in range(3)] == [0, 0, 2]


def test_clients_are_bounded_and_the_quietest_is_forgotten():
    limiter = RateLimiter(rate=1, burst=1, clock=Clock(), max_clients=2)
    for client in ("a", "b", "a", "c"):
        limiter.take(client)
    assert len(limiter) == 2
    assert limiter.take("a") == 1  # still known to have had its token
    assert limiter.take("b") == 0  # forgotten


@pytest.mark.parametrize(("text", "masked"), [
    ("ann.b+c@mail.example.org shoes", "[e-mail] shoes"),
    ("4111 1111 1111 1111", "[card]"), ("card 4111-1111-1111-1111.", "card [card]."),
    ("call +44 20 7946 0958 now", "call [phone] now"), ("0171 2345678", "[phone]"),
    ("(555) 123-4567", "[phone]"), ("+1 (555) 123-4567", "[phone]"),
    ("usb c 3.0 cable 200 cm", "usb c 3.0 cable 200 cm"),
    ("iphone 15 pro 256", "iphone 15 pro 256"),
    ("0.75 mm pen", "0.75 mm pen"), ("100 x 200 x 300", "100 x 200 x 300"), ("a @ b", "a @ b")])
def test_mask(text, masked):
    assert mask(text) == masked


@given(st.text(max_size=200))
def test_a_mask_takes_nothing_more_the_second_time(text):
    assert mask(mask(text)) == mask(text)


def test_keys(tmp_path):
    key = new_key()
    file = tmp_path / "keys.txt"
    file.write_text(f"# keys\n\n{hash_key(key)} the app\n{hash_key('other')}\n")
    keys = ApiKeys.read(file)
    assert keys.known(key) == hash_key(key)
    assert keys.known("other") == hash_key("other")
    assert keys.known(key + "x") is None
    assert keys.known("") is None


def test_the_hash_is_that_of_sha256sum():
    # printf abc | sha256sum
    assert hash_key("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(("text", "match"), [
    ("", "no key is there"), ("secret-in-plain-text app", "txt:1: should be a SHA-256 hash")])
def test_bad_key_files_do_not_give_keys_away(tmp_path, text, match):
    file = tmp_path / "keys.txt"
    file.write_text(text)
    with pytest.raises(StartupError, match=match) as caught:
        ApiKeys.read(file)
    assert "secret" not in str(caught.value)


def test_no_key_file(tmp_path):
    with pytest.raises(StartupError, match="cannot be read"):
        ApiKeys.read(tmp_path / "none")


@pytest.mark.parametrize(("setting", "value", "match"), [
    ("rate", 0, "rate should be above 0"), ("timeout_seconds", float("nan"), "above 0"),
    ("burst", 0, "burst"), ("image_origins", ("https://x/path",), "image origin"),
    ("image_origins", ("https://x; script-src *",), "image origin"),
    ("currency", "euro", "three capital letters")])
def test_settings_out_of_range(setting, value, match):
    with pytest.raises(StartupError, match=match):
        GatewayConfig(pathlib.Path("x"), **{setting: value})


def test_policy_allows_the_origins_of_pictures_only():
    policy = content_security_policy(["https://cdn.example.org"])
    assert "img-src 'self' https://cdn.example.org;" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_queries_are_masked_folded_and_bounded():
    counts = QueryCounts(capacity=4)
    for query in ("USB  cable", "usb cable", "", " ", "me@example.org"):
        counts.add(query)
    assert counts.top(5) == [("usb cable", 2), ("[e-mail]", 1)]
    for number in range(50):
        counts.add(f"query {number}")
    assert len(counts.top(100)) <= 4
    assert counts.top(1) == [("usb cable", 2)]


def test_traffic_by_minute_and_endpoint():
    clock = Clock()
    traffic = Traffic(clock)
    for code in (200, 404, 503):
        traffic.count_request("/search", code, 0.010)
    clock.now += 120
    traffic.count_request("/search", 200, 0.030)
    assert traffic.minutes() == [0] * (MINUTES - 3) + [3, 0, 1]
    stats = traffic.endpoints["/search"]
    assert (stats.requests, stats.client_errors, stats.server_errors) == (4, 1, 1)
    # Of 10, 10, 10 and 30 ms: between the third and the fourth lies the 90th percentile.
    assert stats.percentiles_ms() == pytest.approx((10, 24, 29.4))
    clock.now += 3600 * 2
    assert traffic.minutes() == [0] * MINUTES


@pytest.mark.parametrize(("code", "status", "retry_after"), [
    (grpc.StatusCode.INVALID_ARGUMENT, 400, None), (grpc.StatusCode.RESOURCE_EXHAUSTED, 429, 1),
    (grpc.StatusCode.DEADLINE_EXCEEDED, 504, None), (grpc.StatusCode.UNAVAILABLE, 503, 2),
    (grpc.StatusCode.NOT_FOUND, 503, 2), (grpc.StatusCode.INTERNAL, 503, 2)])
def test_what_a_failed_call_of_the_model_server_is_answered_by(code, status, retry_after):
    error = of_model_call(code)
    assert (error.status, error.retry_after) == (status, retry_after)
