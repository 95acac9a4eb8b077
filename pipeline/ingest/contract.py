"""The dataset contract: the tables, their columns, and what is off where one is missing."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.personal.spans import FreeText

MAX_ID_CHARS = 512
"""A longer product or user id is a mistake of the export, not an id."""

_MAX_SHOWN = 20


class DatasetError(ValueError):
    """The data cannot be used as it is; the message is one paragraph meant for its owner."""


class Kind(enum.Enum):
    """How the values of a column are read.

    Attributes:
        ID: text; a number becomes its shortest text, 1.0 "1", while the text "007" stays.
        TEXT: text, or a number that becomes its shortest text.
        NUMBER: a finite number, or its text; NaN means that there is no value.
        TIME: ISO-8601 (UTC where it has no zone) or seconds since the epoch, from 1970 until a
            year from now. Text of eight digits is an ISO date, YYYYMMDD. Never milliseconds.
        CHOICE: one of `Column.choices`, in any case.
        ATTRIBUTES: a JSON object, or text of the form `key=value|key=value`.
    """

    ID = "id"
    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    CHOICE = "choice"
    ATTRIBUTES = "attributes"


class Reason(str, enum.Enum):
    """Why a row is in quarantine."""

    UNPARSEABLE = "unparseable"
    INVALID_UTF8 = "invalid_utf8"
    WRONG_COLUMNS = "wrong_columns"
    MISSING_VALUE = "missing_value"
    BAD_ID = "bad_id"
    BAD_TEXT = "bad_text"
    BAD_NUMBER = "bad_number"
    BAD_CHOICE = "bad_choice"
    BAD_ATTRIBUTES = "bad_attributes"
    IMPOSSIBLE_DATE = "impossible_date"
    UNKNOWN_PRODUCT = "unknown_product"


class RejectedError(ValueError):
    """A row cannot be used; `reason` says why in a word, the message in a sentence."""

    def __init__(self, reason: Reason, explanation: str) -> None:
        """Names the reason; the explanation shows no value of a personal column."""
        super().__init__(explanation)
        self.reason = reason


class Repair(str, enum.Enum):
    """What ingest changes in a value that it keeps."""

    CUT = "text_cut"
    NULS = "nuls_removed"
    EMAILS = "emails_masked"
    CARDS = "cards_masked"
    PHONES = "phones_masked"
    NAMES = "names_masked"
    IDS_HASHED = "ids_hashed"
    IDS_REPLACED = "personal_ids_replaced"


@dataclass(frozen=True)
class Column:
    """A column that the contract names.

    Attributes:
        without: what is off where no row has a value; "" for nothing worth a line.
        unread: which of its values are kept and read by nothing yet; "" for none.
        minimum: of a NUMBER.
        choices: of a CHOICE.
        free_text: who writes its texts, which are therefore masked; None where nobody writes.
        of_user: of an ID, whether it stands for a person.
    """

    name: str
    kind: Kind
    required: bool = False
    without: str = ""
    unread: str = ""
    minimum: float | None = None
    choices: tuple[str, ...] = ()
    free_text: FreeText | None = None
    of_user: bool = False


@dataclass(frozen=True)
class Table:
    """A table that the contract names.

    Attributes:
        key: column by which its rows are grouped.
        without: what is off where the table is missing; "" for nothing worth a line.
        unique: rows of the same key are one thing, so later rows are merged into the first.
        of_products: its rows need a product that exists, or an alias.
        personal: its values may tell about a person, so none is ever written to quarantine.
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    without: str = ""
    unique: bool = False
    of_products: bool = False
    personal: bool = False

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(column.name for column in self.columns)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The columns without a value of which a row is of no use."""
        return tuple(column.name for column in self.columns if column.required)

    @cached_property
    def attributes(self) -> Column:
        """The column of attributes, into which those go that the contract does not name."""
        return next(column for column in self.columns if column.kind is Kind.ATTRIBUTES)

    def show_columns(self, names: Sequence[str]) -> str:
        """Column names of a file for a message.

        Of a personal table only the contract's are shown: in an export without a header row the
        values of the first row, a shopper's own, stand where the names should be.
        """
        shown = [name for name in names if not self.personal or name in self.names]
        parts = [*shown[:_MAX_SHOWN], *(["..."] if len(shown) > _MAX_SHOWN else [])]
        if hidden := len(names) - len(shown):
            parts.append(f"{hidden} unknown (not shown)")
        return ", ".join(parts) or "none"

    def header_hint(self, names: Sequence[str]) -> str:
        """A question to end a message with where no name of a header is a column's."""
        return "" if self.names.intersection(names) else " Is the header row missing?"


_ATTRIBUTES = Column(
    "attributes", Kind.ATTRIBUTES, unread="attributes", free_text=FreeText.PROSE)

_PRODUCTS = Table(
    name="products", key="product_id", unique=True,
    columns=(
        Column("product_id", Kind.ID, required=True),
        Column("title", Kind.TEXT, required=True, free_text=FreeText.CATALOGUE),
        Column("description", Kind.TEXT, without="descriptions are not read",
               free_text=FreeText.CATALOGUE),
        Column("brand", Kind.TEXT, without="brands are not read"),
        Column("category", Kind.TEXT, without="categories are not read"),
        Column("price", Kind.NUMBER, minimum=0, unread="price"),
        Column("attributes", Kind.ATTRIBUTES, without="attributes are not read",
               free_text=FreeText.CATALOGUE),
        Column("image", Kind.TEXT, unread="image"),
        Column("created_at", Kind.TIME, unread="created_at"),
    ))

_EVENTS = Table(
    name="events", key="product_id", of_products=True, personal=True,
    without="recommendations from history are off",
    columns=(
        Column("user_id", Kind.ID, required=True, of_user=True),
        Column("product_id", Kind.ID, required=True),
        Column("event", Kind.CHOICE, required=True,
               choices=("impression", "view", "click", "cart", "purchase", "rating")),
        Column("timestamp", Kind.TIME, without="the order of the rows is the order of events"),
        Column("query", Kind.TEXT, without="learning from past searches is off",
               free_text=FreeText.QUERY),
        Column("value", Kind.NUMBER, unread="quantities (value)",
               without="every rating is a wish, and returns are not told from purchases"),
        Column("session_id", Kind.ID, without="sessions are not known", of_user=True),
        Column("review", Kind.TEXT, unread="review", free_text=FreeText.PROSE),
        _ATTRIBUTES,
    ))

_USERS = Table(
    name="users", key="user_id", unique=True, personal=True,
    without="profiles of shoppers are off",
    columns=(
        Column("user_id", Kind.ID, required=True, of_user=True),
        Column("profile", Kind.TEXT, without="profiles of shoppers are off",
               free_text=FreeText.PROSE),
        _ATTRIBUTES,
    ))

_JUDGMENTS = Table(
    name="judgments", key="product_id", of_products=True,
    without="learning from judged queries is off",
    columns=(
        Column("query", Kind.TEXT, required=True, free_text=FreeText.QUERY),
        Column("product_id", Kind.ID, required=True),
        Column("grade", Kind.NUMBER, required=True, minimum=0),
        Column("split", Kind.CHOICE, choices=("train", "validation"),
               without="the queries that validate are chosen by their hash"),
        _ATTRIBUTES,
    ))

_FACTS = Table(
    name="facts", key="head", without="no loss, as no model learns from facts yet",
    columns=(
        Column("head", Kind.ID, required=True, unread="head", free_text=FreeText.CATALOGUE),
        Column("relation", Kind.TEXT, required=True, unread="relation",
               free_text=FreeText.CATALOGUE),
        Column("tail", Kind.ID, required=True, unread="tail", free_text=FreeText.CATALOGUE),
        Column("attributes", Kind.ATTRIBUTES, unread="attributes",
               free_text=FreeText.CATALOGUE),
    ))

_ALIASES = Table(
    name="aliases", key="alias", unique=True,
    columns=(
        Column("alias", Kind.ID, required=True),
        Column("product_id", Kind.ID, required=True),
        _ATTRIBUTES,
    ))

TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (_PRODUCTS, _EVENTS, _USERS, _JUDGMENTS, _FACTS, _ALIASES)
}
