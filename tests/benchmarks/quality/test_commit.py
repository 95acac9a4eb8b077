import subprocess

from benchmarks.quality.commit import code_commit


def test_results_and_pages_are_no_code(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True,
            text=True).stdout.strip()

    files = {
        name: tmp_path / name
        for name in ("README.md", "benchmarks/quality.md", "benchmarks/results/a.json",
                     "model/losses.py")}
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("old")
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "first")
    head = git("rev-parse", "HEAD")
    files["README.md"].write_text("new")
    files["benchmarks/quality.md"].write_text("new")
    files["benchmarks/results/a.json"].unlink()
    assert code_commit(tmp_path) == head
    files["model/losses.py"].write_text("new")
    assert code_commit(tmp_path) == f"{head}+changes"
