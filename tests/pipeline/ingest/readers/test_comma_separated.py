import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.contract import DatasetError, Reason
from pipeline.ingest.readers import BrokenRow, RawRow
from pipeline.ingest.readers.comma_separated import read_chunks, read_header
from tests.pipeline.ingest.shops import table_file


def read(tmp_path, data, chunk_rows=5000):
    path = tmp_path / "products.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return [row for chunk in read_chunks(table_file(path), chunk_rows) for row in chunk.rows()]


def kinds(rows):
    return [(row.line, row.reason if isinstance(row, BrokenRow) else tuple(row.values.values()))
            for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_reads_quoted_cells_and_tells_the_line_on_which_a_row_starts(tmp_path, end, mark):
    lines = ["id,title", '1,"Mug, red"', "", '2,"He said ""hi""', '', 'twice"', '"3",']
    rows = read(tmp_path, mark + end.join(lines))
    assert rows == [
        RawRow(2, {"id": "1", "title": "Mug, red"}),
        RawRow(4, {"id": "2", "title": f'He said "hi"{end}{end}twice'}),
        RawRow(7, {"id": "3", "title": ""})]


def test_quotes_inside_of_a_plain_cell_are_text(tmp_path):
    assert kinds(read(tmp_path, 'id,title\n1,5" pipe\n2,7" pipe\n')) == [
        (2, ("1", '5" pipe')), (3, ("2", '7" pipe'))]


def test_a_line_with_a_wrong_number_of_columns_is_one_broken_row(tmp_path):
    rows = read(tmp_path, 'id,title\n1\n2,b,c\n3,d\n4,"e\nf",g\n')
    assert kinds(rows) == [
        (2, Reason.WRONG_COLUMNS), (3, Reason.WRONG_COLUMNS), (4, ("3", "d")),
        (5, Reason.WRONG_COLUMNS)]
    assert rows[1].explanation == "the line has 3 columns, the header 2"


@pytest.mark.parametrize("broken", ['1,"never closed', '1,"a"b', '"1,a', '1,"a" '])
def test_a_quote_out_of_place_costs_one_line(tmp_path, broken):
    rows = read(tmp_path, f'id,title\n{broken}\n2,b\n3,"c"\n4,d\n')
    assert kinds(rows) == [
        (2, Reason.UNPARSEABLE), (3, ("2", "b")), (4, ("3", "c")), (5, ("4", "d"))]


def test_invalid_utf8_is_a_broken_row(tmp_path):
    rows = read(tmp_path, b'id,title\n1,a\xffb\n2,"c\n\xff"\n3,\xc3\xa9\n')
    assert kinds(rows) == [
        (2, Reason.INVALID_UTF8), (3, Reason.INVALID_UTF8), (5, ("3", "é"))]
    assert rows[0].explanation == "column 2 of the line is not UTF-8"


def test_nuls_come_through_to_be_counted(tmp_path):
    assert kinds(read(tmp_path, b"id,title\n1,a\0b\n")) == [(2, ("1", "a\0b"))]


def test_a_cell_may_be_longer_than_pythons_limit(tmp_path):
    [row] = read(tmp_path, f"id,title\n1,{'x' * 1_000_000}\n")
    assert len(row.values["title"]) == 1_000_000


def test_column_names_are_stripped_and_nameless_ones_numbered(tmp_path):
    [row] = read(tmp_path, " id ,,title\n1,2,3\n")
    assert row.values == {"id": "1", "column 2": "2", "title": "3"}


@pytest.mark.parametrize(("data", "message"), [
    ("", "the file is empty"), ("\n \n", "the file is empty"),
    ("id,id,title\n", "names columns more than once: id. Rename"), (b"id,\xff\n", "not UTF-8"),
    ('id,"title\n1,2\n', "the first row should hold the column names"),
    ("id,title\r1,a\r2,b\r", "the first row should hold the column names"),
])
def test_a_header_that_cannot_be_used(tmp_path, data, message):
    path = tmp_path / "products.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(DatasetError, match=message):
        read_header(table_file(path))


_CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufdd0"), max_size=8)


@given(
    rows=st.lists(st.tuples(_CELLS, _CELLS, _CELLS), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]), chunk_rows=st.integers(1, 5))
def test_round_trip(tmp_path_factory, rows, end, chunk_rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([("a", "b", "c"), *(
        [cell.replace("\0", "") for cell in row] for row in rows)])
    found = read(tmp_path_factory.mktemp("csv"), text.getvalue(), chunk_rows)
    assert [tuple(row.values.values()) for row in found] == [
        tuple(cell.replace("\0", "") for cell in row) for row in rows]


_LINES = st.sampled_from([
    ("1,good", "row"), ('2,"quoted, good"', "row"), ('3,inch " mark', "row"), ("", "blank"),
    ("4", "broken"), ("5,a,b", "broken"), ('6,"a"b', "broken"), ('"a" ,7', "broken"),
    ("8,\udcff", "broken")])


@given(lines=st.lists(_LINES, max_size=30), unclosed=st.booleans())
def test_the_balance_is_exact_under_dirt(tmp_path_factory, lines, unclosed):
    lines = [("a,b", "header"), *lines, *([('9,"unclosed', "broken")] if unclosed else [])]
    data = "".join(text + "\n" for text, _ in lines).encode("utf-8", "surrogateescape")
    rows = read(tmp_path_factory.mktemp("csv"), data)
    expected = [(line, kind) for line, (_, kind) in enumerate(lines, 1)
                if kind in ("row", "broken")]
    assert [(row.line, "broken" if isinstance(row, BrokenRow) else "row")
            for row in rows] == expected
