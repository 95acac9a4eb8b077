"""Personal data stops at the door: what ingest writes, counts, quarantines and logs holds none."""

import json
import logging
import random

import pandas as pd
import pytest

from benchmarks.governance.personal_shop import (
    MAKE,
    find_traces,
    is_left,
    texts_of,
    write_shop,
)
from pipeline.ingest.privacy import Privacy
from pipeline.personal.hashing import UserKey, hash_unkeyed, hash_user
from tests.pipeline.ingest.shops import PRODUCTS, ingest, write_jsonl

KEY = "2:0123456789abcdef"
TITLES = [
    "Red mug 12 oz", "Oak desk 140 x 60 cm", "USB-C cable 2 m, 60 W", "Brass desk lamp",
    "Cordless drill 18V DCD777C2", "Copper pipe 3/4 in. x 10 ft.", "Toner 006R90321 (6 pcs)"]


@pytest.fixture
def privacy(monkeypatch):
    monkeypatch.setenv("EMPORIUM_USER_KEY", KEY)
    return Privacy(key_fingerprint=UserKey.parse(KEY).fingerprint)


def test_what_is_put_into_the_tables_is_in_nothing_that_ingest_writes(
        tmp_path, privacy, caplog):
    placed, secrets = write_shop(tmp_path / "shop", TITLES, 25, random.Random(7))
    with caplog.at_level(logging.INFO):
        result = ingest(tmp_path / "shop", tmp_path / "out", privacy=privacy)
    (tmp_path / "out/log.txt").write_text(caplog.text)
    texts = texts_of(result.rows)
    key = UserKey.parse(KEY)
    missed = []
    for kind in MAKE:
        of_kind = [item for item in placed if item.secret.kind == kind]
        left = [item for item in of_kind if is_left(texts.get((
            item.place, hash_user(item.row, key) if item.place == "profile" else item.row), ""),
            item.secret)]
        assert len(left) <= 0.02 * len(of_kind), left
        missed += [item.secret.text for item in left]
    secrets = set(secrets).difference(missed)
    assert find_traces(tmp_path / "out", [
        *secrets, *(f"user{number}@shop.example" for number in range(200))]) == []
    balance = result.balance
    assert all(balance[table].rows_in == part.kept + part.merged + part.quarantined
               for table, part in balance.items())
    assert balance["events"].repairs["emails_masked"] >= 50
    assert balance["events"].repairs["ids_hashed"] >= 200


def test_masks_by_column(tmp_path):
    contact = "anna@x.org +49 151 23456789 4111 1111 1111 1111"
    masked = "[email] [phone] [card]"
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", [{
        "product_id": "p1", "title": "Mug", "brand": "a@b.org", "category": "c@d.org > e",
        "description": contact, "contact": "call us: +49 151 23456789", "ean": 4006381333931}])
    write_jsonl(data / "events.jsonl", [{
        "user_id": "u", "product_id": "p1", "event": "view", "query": f"mug {contact}",
        "review": contact, "phone": 12345678, "first_name": "anna",
        "attributes": {"a": [{"b": contact}], "x@y.org": 1, "z@y.org": 2}}])
    write_jsonl(data / "users.jsonl", [{"user_id": "u", "profile": f"I'm Anna. {contact}"}])
    write_jsonl(data / "judgments.jsonl", [
        {"query": f"mug {contact}", "product_id": "p1", "grade": 1, "rater": "a@b.org"}])
    write_jsonl(data / "facts.jsonl", [
        {"head": "p1", "relation": "sold by", "tail": "shop@x.org"}])
    result = ingest(data, tmp_path / "out")
    [product], [event] = result.rows["products"], result.rows["events"]
    assert product["description"] == "[email] +49 151 23456789 [card]"
    assert (product["brand"], product["category"]) == ("a@b.org", "c@d.org > e")
    assert json.loads(product["attributes"]) == {
        "contact": "call us: [phone]", "ean": 4006381333931}
    assert (event["query"], event["review"]) == (f"mug {masked}", masked)
    assert json.loads(event["attributes"]) == {
        "a": [{"b": masked}], "[email]": 1, "[email] 2": 2, "phone": "[phone]",
        "first_name": "[name]"}
    assert result.rows["users"][0]["profile"] == f"I'm [name]. {masked}"
    [judgment] = result.rows["judgments"]
    assert (judgment["query"], judgment["attributes"]) == (f"mug {masked}", '{"rater":"[email]"}')
    assert result.rows["facts"][0]["tail"] == "[email]"
    assert result.balance["events"].repairs == {
        "emails_masked": 3, "phones_masked": 4, "cards_masked": 3, "names_masked": 1}


def test_what_governance_would_bring_to_light_is_masked_in_every_text(tmp_path):
    hidden = "a.b@x&period;org, call +49&nbsp;151&nbsp;23456789 or 4111<br>1111<br>1111<br>1111"
    masked = "[email], call [phone] or [card]"
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", [{
        "product_id": "p1", "title": f"Mug {hidden}", "description": hidden, "note": hidden}])
    write_jsonl(data / "events.jsonl", [{
        "user_id": "u", "product_id": "p1", "event": "view", "query": hidden, "review": hidden}])
    write_jsonl(data / "users.jsonl", [
        {"user_id": "u", "profile": hidden, "attributes": {"a": [{"b": hidden}]}}])
    write_jsonl(data / "judgments.jsonl", [
        {"query": hidden, "product_id": "p1", "grade": 1},
        {"query": hidden, "product_id": "p1", "grade": -1}])
    result = ingest(data, tmp_path / "out")
    [product], [event] = result.rows["products"], result.rows["events"]
    assert (product["title"], product["description"]) == (f"Mug {masked}", masked)
    assert json.loads(product["attributes"]) == {"note": masked}
    assert (event["query"], event["review"]) == (masked, masked)
    [user], [judgment] = result.rows["users"], result.rows["judgments"]
    assert (user["profile"], user["attributes"]) == (masked, json.dumps(
        {"a": [{"b": masked}]}, separators=(",", ":")))
    assert judgment["query"] == masked
    assert json.loads(result.quarantine[0]["raw"])["query"] == masked


def test_ids_join_after_hashing_in_every_format(tmp_path, privacy):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", PRODUCTS)
    (data / "events.csv").write_text(
        "user_id,product_id,event,session_id\n7.0,p1,view,s@x.org\n 8,p1,view,\n")
    pd.DataFrame({"user_id": [7, 7], "profile": ["tea", None]}).to_parquet(data / "users.parquet")
    result = ingest(data, tmp_path / "out", privacy=privacy)
    key = UserKey.parse(KEY)
    assert {row["user_id"] for row in result.rows["events"]} == {
        hash_user("7", key), hash_user("8", key)}
    assert result.rows["users"] == [{"user_id": hash_user("7", key), "profile": "tea"}]
    assert hash_user("s@x.org", key) in {row.get("session_id") for row in result.rows["events"]}
    assert result.balance["users"].merged == 1


def test_ids_that_are_addresses_join_without_a_key(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", PRODUCTS)
    write_jsonl(data / "events.jsonl", [
        {"user_id": user, "product_id": "p1", "event": "view"} for user in ("a@x.org", "17")])
    write_jsonl(data / "users.jsonl", [{"user_id": "a@x.org", "profile": "tea"}])
    result = ingest(data, tmp_path / "out")
    assert {row["user_id"] for row in result.rows["events"]} == {hash_unkeyed("a@x.org"), "17"}
    assert result.rows["users"][0]["user_id"] == hash_unkeyed("a@x.org")
    assert result.balance["events"].repairs == {"personal_ids_replaced": 1}


def test_a_query_of_nothing_else_is_none(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", PRODUCTS)
    write_jsonl(data / "events.jsonl", [
        {"user_id": "u", "product_id": "p1", "event": "view", "query": 4111111111111111}])
    write_jsonl(data / "judgments.jsonl", [
        {"query": "anna@x.org", "product_id": "p1", "grade": 1},
        {"query": "mug", "product_id": "p1", "grade": 1}])
    result = ingest(data, tmp_path / "out")
    assert "query" not in result.rows["events"][0]
    [quarantined] = result.quarantine
    assert (quarantined["line"], quarantined["reason"]) == (1, "missing_value")
    assert json.loads(quarantined["raw"])["query"] == "[email]"


def test_headers_and_names_of_columns_are_masked(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", [{**PRODUCTS[0], "anna@x.org": "yes"}])
    result = ingest(data, tmp_path / "out")
    assert "[email]" in result.balance["products"].columns
    assert find_traces(tmp_path / "out", ["anna@x.org"]) == []


def test_escaped_addresses_in_broken_lines_are_masked(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", [
        *PRODUCTS, r'{"title": "x\nanna\u0040x.org \ud83d', '{"title": "' + "x" * 600,
        "anna.schmidt@example.org " * 40])
    raws = [row["raw"] for row in ingest(data, tmp_path / "out").quarantine]
    assert raws[0] == '{"title": "x [email] \ufffd'
    assert raws[1] == '{"title": "' + "x" * 489
    assert "anna" not in raws[2]
    assert raws[2].startswith("[email] [email]")


def test_nothing_is_masked_where_the_shop_says_so(tmp_path):
    data = tmp_path / "data"
    write_jsonl(data / "products.jsonl", PRODUCTS)
    write_jsonl(data / "users.jsonl", [{"user_id": "a@x.org", "profile": "anna@x.org"}])
    result = ingest(data, tmp_path / "out", privacy=Privacy(mask=False))
    assert result.rows["users"] == [{"user_id": "a@x.org", "profile": "anna@x.org"}]
