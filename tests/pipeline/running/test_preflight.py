import sys

import pytest

from model.presets import PresetError
from pipeline.config import ConfigError, load_config
from pipeline.indexing.search import ScannError
from pipeline.local_runner import run
from pipeline.running.folder import RunFolder
from pipeline.running.preflight import check_settings


def test_the_defaults_can_work():
    check_settings(load_config())


def test_scann_is_looked_for_where_it_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "scann", None)  # Its import fails as if it were absent.
    check_settings(load_config(None, ["index.kind=auto"]))
    with pytest.raises(ScannError, match="index.kind=brute_force"):
        check_settings(load_config(None, ["index.kind=scann"]))


def test_a_run_is_refused_before_its_first_component(tmp_path):
    started = []
    with pytest.raises(PresetError, match="'minilmm'"):
        run(data="shop", folder=RunFolder(tmp_path), tables={"products": "products*"},
            config=load_config(None, ["text.preset=minilmm"]),
            on_start=lambda *start: started.append(start), on_end=started.append)
    assert started == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("files", "found"), [
    ((), "Found: none"), (("product.pbtxt",), "Found: product.pbtxt")])
def test_schemas_that_are_meant_are_there(tmp_path, files, found):
    for name in files:
        (tmp_path / name).write_text("")
    with pytest.raises(ConfigError, match=found):
        check_settings(load_config(None, [f"governance.schemas={tmp_path}"]))
    (tmp_path / "events.pbtxt").write_text("")
    (tmp_path / "product.pbtxt").unlink(missing_ok=True)
    check_settings(load_config(None, [f"governance.schemas={tmp_path}"]))
