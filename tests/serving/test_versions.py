import pathlib

import pytest

from serving.errors import VersionError
from serving.versions import (
    Version,
    complete_versions,
    describe,
    fingerprint,
    newest_version,
    withdraw_newer,
)


def _make(folder: pathlib.Path, name: str, *, complete: bool = True) -> pathlib.Path:
    path = folder / name
    path.mkdir()
    if complete:
        (path / "saved_model.pb").write_bytes(b"")
    return path


def test_only_complete_numeric_folders_count_newest_first(tmp_path):
    for name in ("9", "10", "00000123", ".11.part", "12-old", "x", "²"):
        _make(tmp_path, name)
    _make(tmp_path, "99", complete=False)
    _make(tmp_path, str(2**63))
    (tmp_path / "77").write_text("a file")

    assert [version.number for version in complete_versions(tmp_path)] == [123, 10, 9]
    assert newest_version(tmp_path) == Version(123, tmp_path / "00000123")


def test_a_missing_and_an_empty_folder_say_what_to_do(tmp_path):
    with pytest.raises(VersionError, match=r"nowhere cannot be read: No such file.*emporium run"):
        complete_versions(tmp_path / "nowhere")
    with pytest.raises(VersionError, match=r"no model version in .*emporium run"):
        newest_version(tmp_path)


def test_a_fingerprint_changes_with_any_file(tmp_path):
    version = Version(1, _make(tmp_path, "1"))
    before = fingerprint(version)
    assert fingerprint(version) == before
    (version.path / "variables").mkdir()
    (version.path / "variables" / "variables.index").write_bytes(b"x")
    assert fingerprint(version) != before


@pytest.mark.parametrize(("content", "size"), [
    (b'{"products": 12, "top_k": 12}', 12), (b"{}", None), (b"[]", None), (b"{", None),
    (b'{"products": "12"}', None), (None, None)])
def test_the_size_of_the_catalogue(tmp_path, content, size):
    version = Version(1, _make(tmp_path, "1"))
    if content is not None:
        (version.path / "assets.extra").mkdir()
        (version.path / "assets.extra" / "emporium.json").write_bytes(content)
    assert describe(version).products == size


def test_a_rollback_withdraws_what_is_newer(tmp_path):
    for name in ("1", "3", "8", "12"):
        _make(tmp_path, name)
    [(version, path)] = withdraw_newer(tmp_path)
    assert (version.number, path) == (12, tmp_path / ".withdrawn-12")
    assert (path / "saved_model.pb").is_file()
    assert [version.number for version in complete_versions(tmp_path)] == [8, 3, 1]
    assert [version.number for version, _ in withdraw_newer(tmp_path, 1)] == [3, 8]
    assert [version.number for version in complete_versions(tmp_path)] == [1]


@pytest.mark.parametrize("stuck", ["3", "2"])
def test_the_newest_answers_until_a_rollback_is_whole(tmp_path, monkeypatch, stuck):
    for name in ("1", "2", "3"):
        _make(tmp_path, name)
    rename = pathlib.Path.rename

    def fail(path, target):
        if path.name == stuck:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(pathlib.Path, "rename", fail)
        with pytest.raises(VersionError, match=f"version {stuck} cannot .* still is 3"):
            withdraw_newer(tmp_path, 1)
    assert complete_versions(tmp_path)[0].number == 3


@pytest.mark.parametrize(("names", "number", "reason"), [
    (["1"], None, "no version before the newest .* has 1"),
    ([], None, "no version before the newest .* has none"),
    (["1", "2"], 7, "no version 7 .* has 2, 1"),
    (["1", "2"], 2, "version 2 is the newest"),
])
def test_a_rollback_that_cannot_be_changes_nothing(tmp_path, names, number, reason):
    for name in names:
        _make(tmp_path, name)
    with pytest.raises(VersionError, match=reason):
        withdraw_newer(tmp_path, number)
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_who_asks_for_a_withdrawn_version_is_told_how_it_comes_back(tmp_path):
    for name in ("1", "2"):
        _make(tmp_path, name)
    withdraw_newer(tmp_path)
    with pytest.raises(VersionError, match=rf"mv {tmp_path}/\.withdrawn-2 {tmp_path}/2$"):
        withdraw_newer(tmp_path, 2)


def test_a_version_that_was_withdrawn_before_is_not_written_over(tmp_path):
    for name in ("1", "2"):
        _make(tmp_path, name)
    (tmp_path / ".withdrawn-2").mkdir()
    _make(tmp_path, "3")
    with pytest.raises(VersionError, match="earlier rollback"):
        withdraw_newer(tmp_path, 1)
    assert [version.number for version in complete_versions(tmp_path)] == [3, 2, 1]
