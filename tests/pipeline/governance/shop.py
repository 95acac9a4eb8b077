"""A dirty little shop, governed as `emporium govern` does."""

import gzip
import json

import apache_beam as beam

from pipeline.config import Ingest
from pipeline.governance.folder import Version, new_version, newest_version
from pipeline.governance.settings import Governance
from pipeline.governance.standalone import export_version, govern_folder, ingest_folder
from pipeline.governance.undo import undo_decisions
from pipeline.ingest.discovery import discover_tables
from tests.pipeline.ingest.shops import write_jsonl

PRODUCTS = [
    {"product_id": "cafe", "title": "CafÃ© mug  big", "price": 5.95, "colour": " red"},
    {"product_id": "pot", "title": "<b>Tea</b> pot", "price": 7},
    {"product_id": "post", "title": "Postage", "price": 3},
    {"product_id": "q", "title": "?", "price": 0},
    {"product_id": "cable", "title": "Acme HDMI cable 2 m black AX2040", "price": 9.9,
     "description": "A cable of two metres for screens.", "attributes": {"colour": "black"}},
    {"product_id": "cable-2", "title": "Acme HDMI CABLE 2 m AX2040, black", "price": 9.9,
     "description": "A cable of two metres for  screens.", "brand": "Acme"},
    *({"product_id": f"m{i}", "title": f"Mug number {i}", "price": i + 0.5} for i in range(30)),
]
EVENTS = [
    {"user_id": "u", "product_id": "cafe", "event": "purchase", "value": 3,
     "timestamp": "2020-01-01T10:00:01"},
    {"user_id": "u", "product_id": "cafe", "event": "purchase", "value": -2,
     "timestamp": "2020-01-02T10:00:01"},
    {"user_id": "u", "product_id": "post", "event": "purchase", "value": 1,
     "timestamp": "2020-01-01T10:00:01"},
    {"user_id": "v", "product_id": "m5", "event": "view", "timestamp": "2020-01-01T10:00:02",
     "query": "cafÃ©"},
    {"user_id": "v", "product_id": "m5", "event": "view", "timestamp": "2020-01-01T10:00:02",
     "query": "cafÃ©"},
    {"user_id": "w", "product_id": "gone", "event": "view"},
    {"user_id": "w", "product_id": "cable-2", "event": "view"},
]
JUDGMENTS = [
    {"query": "mug &amp; pot", "product_id": "pot", "grade": 2},
    {"query": "delivery", "product_id": "post", "grade": 1},
    {"query": "hdmi", "product_id": "cable-2", "grade": 1},
]
FACTS = [{"head": "cafe", "relation": "fits", "tail": "post"}]
USERS = [{"user_id": "u", "profile": "likes  tea"}]


def write_shop(folder):
    for table, rows in (("products", PRODUCTS), ("events", EVENTS), ("judgments", JUDGMENTS),
                        ("facts", FACTS), ("users", USERS)):
        write_jsonl(folder / f"{table}.jsonl", rows)


def govern(data, out, **settings):
    """Governs a folder; returns the version and its quality."""
    out.mkdir(exist_ok=True)
    with new_version(out) as version:
        balance = ingest_folder(
            beam.Pipeline, str(data), discover_tables(str(data)), version, Ingest())
        quality = govern_folder(
            beam.Pipeline, version, balance, Governance(**settings), "tiny")
    return newest_version(out), quality


def undo(version, target, selects):
    """Takes decisions back; returns what was, and the version without them."""
    undone = undo_decisions(
        version.tables, version.decisions, selects, target / "tables", target / "decisions")
    after = Version(target)
    export_version(beam.Pipeline, after)
    return undone, after


def read_data(version):
    """The governed rows by table, as sorted lines."""
    lines = {}
    for path in version.data.iterdir():
        table = path.name.split("-")[0]
        with gzip.open(path, "rb") as stream:
            lines.setdefault(table, []).extend(stream.read().splitlines())
    return {table: sorted(found) for table, found in lines.items()}


def rows(lines):
    return [json.loads(line) for line in lines]
