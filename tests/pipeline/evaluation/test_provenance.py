import pathlib
import subprocess

from pipeline.evaluation.provenance import checkout_commit, data_hash, describe_code
from tests.pipeline.evaluation import toy_shop


def _git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _checkout(folder: pathlib.Path) -> pathlib.Path:
    _git(folder, "init", "-q")
    file = folder / "code.py"
    file.write_text("x = 1\n")
    _git(folder, "add", "code.py")
    _git(folder, "commit", "-qm", "first")
    return file


def test_commit_of_a_checkout_and_its_changes(tmp_path):
    file = _checkout(tmp_path)
    commit = _git(tmp_path, "rev-parse", "HEAD")
    assert checkout_commit(file) == commit
    file.write_text("x = 2\n")
    assert checkout_commit(file) == f"{commit}+changes"


def test_a_file_that_the_checkout_does_not_track_has_no_commit(tmp_path):
    _checkout(tmp_path)
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "code.py").write_text("x = 1\n")
    assert checkout_commit(installed / "code.py") is None


def test_code_names_its_packages():
    packages = describe_code().packages
    assert {"python", "tensorflow", "numpy", "bm25s"} <= set(packages)


def test_the_hash_depends_on_the_data_and_not_on_its_order():
    contexts, products = toy_shop.search_contexts(), toy_shop.catalogue()
    reference = data_hash(contexts, products)
    assert data_hash(contexts[::-1], products) == reference
    assert data_hash(contexts[1:], products) != reference
    assert data_hash(contexts, toy_shop.catalogue(59)) != reference
