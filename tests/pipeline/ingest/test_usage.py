import pytest

from pipeline.examples import records
from pipeline.examples.files import TABLES as JOINED_TABLES
from pipeline.ingest.balance import TableBalance
from pipeline.ingest.contract import TABLES, Kind
from pipeline.ingest.rows import encode_row
from pipeline.ingest.usage import describe_usage


def table(*columns):
    balance = TableBalance(rows_in=2, kept=2)
    balance.columns.update(dict.fromkeys(columns, 2))
    return balance


def whole(name):
    """A table with every column, whose ids are hashed."""
    balance = table(*TABLES[name].names)
    balance.repairs["ids_hashed"] = 2
    return balance


def test_says_what_is_off_without_a_table_or_a_column():
    assert describe_usage({
        "products": table("product_id", "title", "brand", "colour"),
        "events": TableBalance()}) == [
            "products: no column description: descriptions are not read",
            "products: no column category: categories are not read",
            "events: no row: recommendations from history are off",
            "users: no table: profiles of shoppers are off",
            "judgments: no table: learning from judged queries is off",
            "facts: no table: no loss, as no model learns from facts yet"]


def test_says_what_is_kept_and_not_learned_from_yet():
    assert describe_usage({name: whole(name) for name in TABLES}) == [
        "products: kept, not learned from yet: price, image, created_at",
        "events: kept, not learned from yet: quantities (value), review, attributes",
        "users: kept, not learned from yet: attributes",
        "judgments: kept, not learned from yet: attributes",
        "facts: kept, not learned from yet: head, relation, tail, attributes",
        "aliases: kept, not learned from yet: attributes"]


def test_a_column_that_the_contract_does_not_name_is_an_attribute():
    lines = describe_usage(
        {name: whole(name) for name in TABLES} | {"users": table("user_id", "profile", "city")})
    assert "users: kept, not learned from yet: attributes" in lines


@pytest.mark.parametrize(("repairs", "said"), [
    ({}, ["events and users: ids of users are kept as they are: no key in "
          "EMPORIUM_USER_KEY, or they are hashes already"]),
    ({"personal_ids_replaced": 1}, [
        "events and users: ids of users are kept as they are: no key in "
        "EMPORIUM_USER_KEY, or they are hashes already",
        "events and users: 2 ids were e-mail addresses or numbers of persons; what replaces them "
        "without a key can be guessed by who has a list of such"]),
    ({"ids_hashed": 1}, [])])
def test_says_what_became_of_ids(repairs, said):
    balance = {name: whole(name) for name in TABLES}
    for name in ("events", "users"):
        balance[name].repairs.clear()
        balance[name].repairs.update(repairs)
    assert [line for line in describe_usage(balance) if "ids" in line] == said
    no_persons = {name: part for name, part in balance.items() if name not in ("events", "users")}
    assert not [line for line in describe_usage(no_persons) if "ids" in line]


_READERS = {
    "products": records.read_product, "events": records.read_event,
    "users": records.read_profile, "judgments": records.read_judgment}
_VALUES = {
    Kind.ID: ("a", "b"), Kind.TEXT: ("a", "b"), Kind.NUMBER: (1.0, 2.0), Kind.TIME: (1, 2),
    Kind.CHOICE: ("a", "b"), Kind.ATTRIBUTES: ({"a": 1}, {"a": 2})}


@pytest.mark.parametrize(
    "table", [table for table in TABLES.values() if table.name != "aliases"],
    ids=lambda table: table.name)
def test_what_is_said_to_be_unread_is_what_the_join_does_not_read(table):
    row = {column.name: _VALUES[column.kind][0] for column in table.columns}
    for column in table.columns:
        other = row | {column.name: _VALUES[column.kind][1]}
        read = table.name in JOINED_TABLES and (
            _READERS[table.name](encode_row(row)) != _READERS[table.name](encode_row(other)))
        # Of an event's value ratings are read, quantities are not.
        assert read == (not column.unread or column.unread == "quantities (value)"), column.name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_nothing_is_off_without_what_nothing_reads(table):
    assert [column.name for column in table.columns if column.unread and column.without] == (
        ["value"] if table.name == "events" else [])
