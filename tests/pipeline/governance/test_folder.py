import pytest

from pipeline.governance.folder import (
    GovernedFolderError,
    check_root,
    new_version,
    newest_version,
)


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
    assert sorted(path.name for path in newest_version(tmp_path).root.iterdir()) == [
        ".governed", "decisions"]


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(GovernedFolderError, match="emporium govern"):
        newest_version(tmp_path)
    (tmp_path / "latest/decisions").mkdir(parents=True)
    with pytest.raises(GovernedFolderError, match="emporium govern"):
        newest_version(tmp_path)


def test_a_folder_of_somebody_else_is_refused_and_keeps_everything(tmp_path):
    for year in ("2022", "2023", "2024"):
        (tmp_path / year).mkdir()
        (tmp_path / year / "sales.csv").touch()
    with pytest.raises(GovernedFolderError, match="holds 2022, which"):
        write(tmp_path, lambda: "text")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        "2022", "2023", "2024", "sales.csv", "sales.csv", "sales.csv"]


def test_what_somebody_put_beside_the_versions_stays_and_is_no_version(tmp_path):
    write(tmp_path, lambda: "first")
    for name in ("2", "1999"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").touch()
    for number in range(4):
        write(tmp_path, lambda number=number: str(number))
    assert (tmp_path / "2/mine").exists()
    assert (tmp_path / "1999/mine").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1999", "2", "5", "6", "latest"]
    assert newest_version(tmp_path).root.name == "6"


def test_a_new_folder_is_one_that_holds_nothing_but_a_lock_and_logs(tmp_path):
    check_root(tmp_path / "none")
    (tmp_path / ".lock").touch()
    (tmp_path / "logs").mkdir()
    check_root(tmp_path)
    write(tmp_path, lambda: "text")
    assert newest_version(tmp_path).root.name == "1"
