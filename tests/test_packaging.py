"""What is installed elsewhere: the wheel of Beam workers and images, and the lock file."""

import email
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROOMS = ("pipeline", "model", "serving")
COMMIT = "c0ffee"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The wheel, built of a copy so that nothing is left in the repository."""
    source = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, source / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"],
        cwd=source, check=True, capture_output=True,
        env={**os.environ, "EMPORIUM_COMMIT": COMMIT})
    [built] = (source / "dist").iterdir()
    return built


def test_wheel_holds_every_source_and_data_file(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    expected = {
        str(path.relative_to(ROOT))
        for room in ROOMS for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts}
    assert expected - held == set()


def test_wheel_is_imported_from_another_folder(
    wheel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import model, pipeline, serving, pipeline.cli, pipeline.config\n"
        "print(*sorted({m.__file__.rsplit('/site/')[0] for m in "
        "(model, pipeline, serving, pipeline.cli)}))")
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path)


def test_what_the_wheel_runs_knows_its_commit(
    wheel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from pipeline.evaluation.commit import find_commit\nprint(find_commit())")
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == COMMIT, done.stderr


def test_wheel_has_the_command(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [entry_points] = [n for n in archive.namelist() if n.endswith("entry_points.txt")]
        assert "emporium = pipeline.cli:main" in archive.read(entry_points).decode()


def test_lock_satisfies_what_the_wheel_asks_for(wheel: pathlib.Path) -> None:
    """A requirement changed without `make lock` would be tested with another version."""
    locked = dict(re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[.*\])?==(\S+)",
        (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        fields = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist", [])
    asked = [Requirement(field) for field in fields]
    assert len(asked) > 20
    wrong = [
        str(one) for one in asked
        if not one.specifier.contains(
            locked.get(canonicalize_name(one.name), "0"), prereleases=True)]
    assert wrong == []


def test_lock_pins_and_hashes_everything() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z])", lock, flags=re.MULTILINE)[1:]
    assert len(entries) > 200
    loose = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]
    assert loose == []
