import pathlib

import pytest
import tensorflow as tf

from pipeline.versions import live_version, push_version


def make_model(folder: pathlib.Path, content: str = "weights") -> str:
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text("graph")
    (folder / "variables" / "variables.index").write_text(content)
    return str(folder)


def files(folder: pathlib.Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*") if path.is_file()}


def test_no_folder_and_no_version_are_not_live(tmp_path):
    assert live_version(str(tmp_path / "absent")) is None
    assert live_version(str(tmp_path)) is None


def test_the_largest_complete_number_is_live(tmp_path):
    for name in ("9", "10", ".incoming-11", "notes", "¹²"):
        make_model(tmp_path / name)
    (tmp_path / "13").mkdir()
    assert live_version(str(tmp_path)) == 10


def test_a_push_copies_every_file_under_the_time(tmp_path):
    model = make_model(tmp_path / "model")
    serving = tmp_path / "serving"
    assert push_version(model, str(serving), now=1700000000.9) == 1700000000
    assert files(serving) == {
        "1700000000/saved_model.pb": "graph", "1700000000/variables/variables.index": "weights"}


def test_versions_rise_even_when_the_clock_does_not(tmp_path):
    serving = str(tmp_path / "serving")
    versions = [
        push_version(make_model(tmp_path / str(n), content=str(n)), serving, now=now)
        for n, now in enumerate((100.0, 100.0, 50.0))]
    assert versions == [100, 101, 102]


def test_the_live_model_is_not_pushed_again(tmp_path):
    model = make_model(tmp_path / "model")
    serving = tmp_path / "serving"
    first = push_version(model, str(serving), now=100)
    assert push_version(model, str(serving), now=200) == first
    assert [path.name for path in serving.iterdir()] == ["100"]


def test_a_model_that_differs_in_one_byte_is_pushed(tmp_path):
    serving = str(tmp_path / "serving")
    push_version(make_model(tmp_path / "a", "weights"), serving, now=100)
    assert push_version(make_model(tmp_path / "b", "weighty"), serving, now=200) == 200


def test_what_a_killed_push_left_is_cleared_and_was_never_a_version(tmp_path):
    serving = tmp_path / "serving"
    make_model(serving / ".incoming-99")
    assert live_version(str(serving)) is None
    push_version(make_model(tmp_path / "model"), str(serving), now=100)
    assert [path.name for path in serving.iterdir()] == ["100"]


def test_no_saved_model_leaves_the_serving_folder_alone(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        push_version(str(tmp_path / "empty"), str(tmp_path / "serving"), now=100)
    assert not (tmp_path / "serving").exists()


def test_a_version_that_was_copied_in_part_keeps_its_number(tmp_path):
    (tmp_path / "serving" / "100").mkdir(parents=True)
    model = make_model(tmp_path / "model")
    assert push_version(model, str(tmp_path / "serving"), now=50) == 101


def test_object_stores_are_written_too(tmp_path):
    serving = "ram://shop/serving"
    model = make_model(tmp_path / "model")
    assert push_version(model, serving, now=100) == 100
    assert push_version(model, serving, now=200) == 100
    assert push_version(make_model(tmp_path / "other", "new"), serving, now=100) == 101
    assert live_version(serving) == 101
    with tf.io.gfile.GFile(f"{serving}/101/variables/variables.index") as file:
        assert file.read() == "new"
