"""Events on disk."""

import json
import os
import pathlib
import stat

import pytest

from pipeline.ingest.discovery import discover_tables
from serving.errors import OutputFileError, StartupError
from serving.gateway.feedback import FeedbackWriter
from serving.gateway.schemas import FeedbackEvent

CLICK = FeedbackEvent(user_id="u1", product_id="p1", event="click", query="mail ann@example.org")
PURCHASE = FeedbackEvent(user_id="u1", product_id="p1", event="purchase", value=2, session_id="s")


def _files(folder: pathlib.Path) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    events = folder / "events"
    return sorted(events.glob("*.jsonl")), sorted(events.glob(".*.part"))


def _rows(file: pathlib.Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_rows_have_the_form_of_the_contract(tmp_path):
    writer = FeedbackWriter(tmp_path)
    writer.append([CLICK, PURCHASE])
    writer.close()
    [file], parts = _files(tmp_path)
    assert parts == []
    click, purchase = _rows(file)
    assert click.pop("timestamp").endswith("+00:00")
    assert click == {
        "user_id": "u1", "product_id": "p1", "event": "click", "query": "mail [e-mail]"}
    assert (purchase["value"], purchase["session_id"]) == (2.0, "s")
    assert stat.S_IMODE(file.stat().st_mode) & 0o007 == 0


def test_the_run_finds_the_table(tmp_path):
    writer = FeedbackWriter(tmp_path)
    writer.append([CLICK])
    (tmp_path / "products.csv").write_text("product_id,title\np1,x\n")
    assert "events" not in discover_tables(str(tmp_path))  # what is half written is not read
    writer.close()
    assert discover_tables(str(tmp_path))["events"] == "events/*.jsonl"


def test_events_are_with_the_system_before_the_answer(tmp_path):
    FeedbackWriter(tmp_path).append([CLICK])
    _, [part] = _files(tmp_path)
    assert len(_rows(part)) == 1


def test_a_file_that_is_large_enough_is_named(tmp_path):
    writer = FeedbackWriter(tmp_path, max_bytes=300)
    for _ in range(4):  # some 130 bytes each: three a file
        writer.append([CLICK])
    files, parts = _files(tmp_path)
    assert [len(_rows(file)) for file in [*files, *parts]] == [3, 1]


def test_a_file_that_is_old_enough_is_named(tmp_path):
    writer = FeedbackWriter(tmp_path, max_seconds=0)
    writer.tick()
    writer.append([CLICK])
    writer.tick()
    [file], parts = _files(tmp_path)
    assert (len(_rows(file)), parts) == (1, [])


def test_what_an_ended_gateway_left_is_taken_over_without_the_torn_line(tmp_path):
    writer = FeedbackWriter(tmp_path)
    writer.append([CLICK])
    _, [part] = _files(tmp_path)
    torn = part.with_name(".events-0-1-1.jsonl.part")
    torn.write_bytes(part.read_bytes() + b'{"user_id": "u')
    empty = part.with_name(".events-0-1-2.jsonl.part")
    empty.write_bytes(b"")
    FeedbackWriter(tmp_path)
    [taken], parts = _files(tmp_path)
    assert taken.name == "events-0-1-1.jsonl"
    assert len(_rows(taken)) == 1
    assert parts == [part]  # its writer lives
    writer.close()


def test_a_write_that_fails_leaves_no_half_line(tmp_path, monkeypatch):
    writer = FeedbackWriter(tmp_path)
    writer.append([CLICK])
    _, [part] = _files(tmp_path)
    before = part.read_bytes()
    file = writer._file

    class Full:
        """The file of a disk that takes ten bytes more."""

        def __getattr__(self, name):
            return getattr(file, name)

        def write(self, data):
            return file.write(data[:10])

    monkeypatch.setattr(writer, "_file", Full())
    with pytest.raises(OutputFileError, match=os.strerror(28)):
        writer.append([CLICK])
    assert part.read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "events").write_text("a file")
    with pytest.raises(StartupError, match="events cannot be written"):
        FeedbackWriter(tmp_path)
