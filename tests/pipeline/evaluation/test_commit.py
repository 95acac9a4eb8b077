import pathlib
import subprocess

from pipeline.evaluation.commit import checkout_commit, find_commit


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


def test_what_a_build_wrote_counts_where_git_does_not_know(tmp_path):
    file = _checkout(tmp_path)
    (tmp_path / "commit.txt").write_text("of another build\n")
    assert find_commit(file) == checkout_commit(file)
    installed = tmp_path / "site-packages"
    installed.mkdir()
    assert find_commit(installed / "code.py") is None
    (installed / "commit.txt").write_text("c0ffee\n")
    assert find_commit(installed / "code.py") == "c0ffee"
