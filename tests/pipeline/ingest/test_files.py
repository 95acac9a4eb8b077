import gzip

import pytest

from pipeline.ingest.contract import DatasetError
from pipeline.ingest.files import list_table, match_names, natural_order, open_text
from tests.pipeline.ingest.shops import table_file


def read(path):
    with open_text(table_file(path)) as stream:
        return stream.read()


@pytest.mark.parametrize(("data", "expected"), [
    (b"abc", b"abc"), (b"\xef\xbb\xbfabc", b"abc"), (b"", b""), (b"\xef\xbb", b"\xef\xbb")])
@pytest.mark.parametrize("packed", [False, True])
def test_opens_text_packed_or_not(tmp_path, data, expected, packed):
    path = tmp_path / ("t.jsonl.gz" if packed else "t.jsonl")
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read(path) == expected


def test_reads_gzip_members_one_after_the_other(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert read(path) == b"a\nb\n"


def test_a_gzip_file_cut_off_anywhere_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    data = gzip.compress(b"id,title\n1,a\n")
    for length in range(1, len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(DatasetError, match=r"^t\.csv\.gz: the gzip file is cut off or damaged"):
            read(path)


def test_a_damaged_gzip_file_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    data = bytearray(gzip.compress(bytes(range(256)) * 9))
    for place in (30, len(data) - 6):
        spoilt = bytearray(data)
        spoilt[place] ^= 0xFF
        path.write_bytes(bytes(spoilt))
        with pytest.raises(DatasetError, match="cut off or damaged"):
            read(path)


@pytest.mark.parametrize(("name", "data", "message"), [
    ("t.jsonl", gzip.compress(b"a", mtime=0),
     r"gzip-compressed but its name does not say .* t\.jsonl\.gz"),
    ("t.csv.gz", b"id,title\n", "cut off or damaged"),
    ("t.csv", "id,title\n".encode("utf-16"), "is UTF-16"),
])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name, data, message):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=message):
        read(path)


def test_a_file_that_is_gone_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="cannot be opened"):
        read(tmp_path / "t.jsonl")


def test_files_come_in_their_natural_order_without_a_writers_notes(tmp_path):
    folder = tmp_path / "events"
    folder.mkdir()
    for name in ("part-10.csv", "part-2.csv", "_SUCCESS.csv", ".part-2.csv", "notes.txt"):
        (folder / name).touch()
    files = list_table(str(tmp_path), "events", "events/*")
    assert [(file.name, file.index, file.format) for file in files] == [
        ("events/part-2.csv", 0, "csv"), ("events/part-10.csv", 1, "csv")]
    assert files[0].path == str(folder / "part-2.csv")


def test_a_table_without_a_file_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"events: no file matches events\*"):
        list_table(str(tmp_path), "events", "events*")


def test_natural_order():
    assert sorted(["a10", "a9", "a", "b1"], key=natural_order) == ["a", "a9", "a10", "b1"]


def test_an_unknown_filesystem_is_refused():
    with pytest.raises(DatasetError, match=r"nowhere://x: the folder cannot be listed"):
        match_names("nowhere://x", "**")
