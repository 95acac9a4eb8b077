import shutil

import pytest

from pipeline.running import fingerprint


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


def test_code_of_libraries_is_known_by_version(source):
    assert fingerprint.code_fingerprint(["tfx.components.Trainer"]) == (
        fingerprint.code_fingerprint([]))
