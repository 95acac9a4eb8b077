import pytest

from pipeline.governance.folder import GovernedFolderError, new_version, newest_version


def write(root, text):
    with new_version(root) as version:
        version.decisions.mkdir()
        (version.decisions / "text").write_text(text())


def test_a_version_appears_whole_and_the_last_two_stay(tmp_path):
    for number in range(1, 4):
        write(tmp_path, lambda number=number: str(number))
        assert (newest_version(tmp_path).decisions / "text").read_text() == str(number)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3", "latest"]


def test_a_call_that_failed_leaves_the_last_version(tmp_path):
    write(tmp_path, lambda: "good")
    with pytest.raises(ZeroDivisionError):
        write(tmp_path, lambda: 1 / 0)
    assert (newest_version(tmp_path).decisions / "text").read_text() == "good"
    write(tmp_path, lambda: "next")  # What the failed call left is no part of it.
    assert [path.name for path in newest_version(tmp_path).root.iterdir()] == ["decisions"]


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(GovernedFolderError, match="emporium govern"):
        newest_version(tmp_path)
