import importlib.metadata
import shutil
import sys

import pytest

from pipeline.libraries import LIBRARIES
from pipeline.running import fingerprint
from tests.conftest import ROOT


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A tree with `pipeline` and `model` packages of its own."""
    package = tmp_path / "pipeline" / "running"
    package.mkdir(parents=True)
    shutil.copy(fingerprint.__file__, package / "fingerprint.py")
    monkeypatch.setattr(fingerprint, "__file__", str(package / "fingerprint.py"))
    fingerprint._source_of.cache_clear()
    for name, text in {
        "pipeline/__init__.py": "", "model/__init__.py": "",
        "pipeline/join.py": "def lazily():\n    from pipeline.text import clean\n    clean()\n",
        "pipeline/text.py": "import json\nfrom model import words\n",
        "model/words.py": "WORDS = 1\n",
        "pipeline/other.py": "import tfx\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    yield tmp_path
    fingerprint._source_of.cache_clear()


def test_what_is_imported_however_deep_counts_and_nothing_else(source):
    before = fingerprint.code_fingerprint(["pipeline.join.Join_Executor"])
    (source / "pipeline" / "other.py").write_text("changed = True\n")
    assert fingerprint.code_fingerprint(["pipeline.join.Join_Executor"]) == before
    (source / "model" / "words.py").write_text("WORDS = 2\n")
    assert fingerprint.code_fingerprint(["pipeline.join.Join_Executor"]) != before


def test_other_files_count(source):
    schema = source / "schema.pbtxt"
    schema.write_text("feature {}")
    before = fingerprint.code_fingerprint(["pipeline.other"], [schema])
    schema.write_text("feature { }")
    assert fingerprint.code_fingerprint(["pipeline.other"], [schema]) != before


def test_a_package_stands_for_its_data_files(source):
    pages = source / "pipeline" / "pages"
    pages.mkdir()
    (pages / "__init__.py").write_text("")
    (pages / "page.jinja").write_text("{{ old }}")
    (source / "pipeline" / "other.py").write_text("from pipeline import pages\n")
    before = fingerprint.code_fingerprint(["pipeline.other"])
    (pages / "page.jinja").write_text("{{ new }}")
    assert fingerprint.code_fingerprint(["pipeline.other"]) != before


def test_an_upgrade_counts_and_an_absent_library_is_no_error(source, monkeypatch):
    def fingerprint_with(scann: str | None) -> str:
        monkeypatch.setattr(
            fingerprint, "installed_version", lambda name: scann if name == "scann" else "1.0")
        fingerprint._library_versions.cache_clear()
        return fingerprint.code_fingerprint(["pipeline.other"])

    found = {fingerprint_with(scann) for scann in ("1.3.2", "1.4.2", None)}
    fingerprint._library_versions.cache_clear()
    assert len(found) == 3


_COMPUTE_NOTHING = {"absl", "ml_metadata", "pydantic", "threadpoolctl", "tqdm", "yaml"}
_NAMED_OTHERWISE = {"sklearn": "scikit-learn"}  # Its wheel does not say so.


def test_every_library_that_components_import_is_known():
    around = {"cli", "sample", "running", "kubeflow_runner.py", "local_runner.py"}
    imported = {
        name.partition(".")[0]
        for room in (ROOT / "model", ROOT / "pipeline") for path in room.rglob("*.py")
        if not around.intersection(path.relative_to(room).parts)
        for name in fingerprint._imported_names(path)}
    ours = {"pipeline", "model", *sys.stdlib_module_names, *_COMPUTE_NOTHING}
    names = importlib.metadata.packages_distributions()
    known = {name.lower().replace("-", "_") for name in LIBRARIES}

    def distributions(name):
        found = names.get(name, [_NAMED_OTHERWISE.get(name, name)])
        return {distribution.lower().replace("-", "_") for distribution in found}

    unknown = {name for name in imported - ours if not known & distributions(name)}
    assert unknown == set()


def test_code_of_libraries_is_known_by_version(source):
    assert fingerprint.code_fingerprint(["tfx.components.Trainer"]) == (
        fingerprint.code_fingerprint([]))
