import os
import pathlib
import stat

import pytest

from serving.errors import OutputFileError
from serving.retrieval import Result
from serving.trec import atomic_text_file, has_whitespace, run_lines


def test_lines_are_ranked_from_one_and_scores_keep_their_digits():
    results = [Result("p1", 0.10000000149011612), Result("café", -2.0)]
    assert run_lines("q1", results, "tag") == (
        "q1 Q0 p1 1 0.100000001 tag\nq1 Q0 café 2 -2 tag\n")
    assert run_lines("q1", [], "tag") == ""


@pytest.mark.parametrize("product_id", ["a b", "a\tb", "a\u00a0b", "a\u2028b", " a"])
def test_ids_that_would_fall_apart_are_refused(product_id):
    with pytest.raises(OutputFileError, match="holds whitespace"):
        run_lines("q1", [Result(product_id, 1.0)], "tag")


def test_whitespace():
    assert has_whitespace("")
    assert not has_whitespace("p1-é")


def test_a_file_appears_only_when_whole(tmp_path):
    path = tmp_path / "run"
    path.write_text("before")

    def fail(file):
        file.write("half")
        raise ValueError

    with pytest.raises(ValueError), atomic_text_file(path) as file:
        fail(file)
    assert path.read_text() == "before"
    with atomic_text_file(path) as file:
        file.write("whole\n")
    assert path.read_bytes() == b"whole\n"
    assert os.listdir(tmp_path) == ["run"]
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


@pytest.mark.parametrize("path", ["missing/run", "."])
def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path, path):
    with pytest.raises(OutputFileError, match="cannot be written"), \
            atomic_text_file(pathlib.Path(tmp_path / path)) as file:
        file.write("x")
