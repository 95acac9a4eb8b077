"""scripts/install.sh on made-up machines: a PATH of real core tools and of fake Pythons and uvs."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]

CORE_TOOLS = (
    "awk", "cat", "chmod", "cksum", "cp", "date", "dirname", "flock", "ls", "mkdir", "mv", "printf",
    "readlink", "rm", "sed", "sh", "sleep", "tail", "uname",
)

# Writes what it is asked to do into $LOG, and makes just enough of an environment.
UV = """#!/bin/sh
echo "uv $*" >>"$LOG"
case "$1 $2" in
--version*) echo "uv VERSION" ;;
"python find") [ -n "$MANAGED" ] && echo "$MANAGED" ;;
"python install") echo "error: network is unreachable" >&2; exit 2 ;;
venv*)
    for venv; do :; done
    mkdir -p "$venv/bin" && : >"$venv/pyvenv.cfg"
    printf '#!/bin/sh\\n' >"$venv/bin/python" && chmod +x "$venv/bin/python" ;;
"pip sync")
    [ -z "$SLOW" ] || sleep 0.3
    [ -z "$BROKEN" ] || { echo "error: connection lost" >&2; exit 2; } ;;
esac
"""

PYENV_SHIM = "#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n"
PYTHON_311 = "#!/bin/sh\necho 'is Python 3.11' >&2\nexit 1\n"

# A Python 3.11 with pip that installs a uv, and one of Debian's, without pip and ensurepip.
PYTHON_WITH_PIP = """#!/bin/sh
case "$*" in
*"version_info[:2] != (3, 10)"*) echo 'is Python 3.11' >&2; exit 1 ;;
*"-m pip install"*)
    echo "pip" >>"$LOG"
    for target; do :; done
    mkdir -p "$target/bin" && cp -p "$FAKE_UV" "$target/bin/uv" ;;
esac
"""
PYTHON_WITHOUT_PIP = """#!/bin/sh
case "$*" in
*"version_info[:2] != (3, 10)"*) echo 'is Python 3.11' >&2; exit 1 ;;
*"-m pip"*) echo 'No module named pip' >&2; exit 1 ;;
*"-m venv"*) echo 'ensurepip is not available' >&2; exit 1 ;;
esac
"""


@dataclasses.dataclass
class Machine:
    """A repository, a home and a PATH that hold only what a test puts there."""

    root: pathlib.Path

    def __post_init__(self) -> None:
        for folder in (self.repo / "scripts", self.home, self.bin):
            folder.mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "install.sh", self.repo / "scripts")
        (self.repo / "requirements.lock").write_text(
            "absl-py==1.4.0 \\\n    --hash=sha256:aa\nuv==1.2.3 \\\n    --hash=sha256:bb\n"
            "zipp==1.0 \\\n    --hash=sha256:cc\n")
        (self.repo / "setup.py").write_text("")
        for tool in CORE_TOOLS:
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)
        self.program(self.bin / "c++", "#!/bin/sh\n")

    @property
    def repo(self) -> pathlib.Path:
        return self.root / "the repository"  # a blank in the path must not matter

    @property
    def home(self) -> pathlib.Path:
        return self.root / "home"

    @property
    def bin(self) -> pathlib.Path:
        return self.root / "bin"

    @property
    def venv(self) -> pathlib.Path:
        return self.repo / ".venv"

    @property
    def log(self) -> list[str]:
        file = self.root / "log"
        return file.read_text().splitlines() if file.exists() else []

    def program(self, path: pathlib.Path, text: str) -> pathlib.Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def uv(self, path: pathlib.Path | None = None, version: str = "0.9.1") -> pathlib.Path:
        return self.program(path or self.bin / "uv", UV.replace("VERSION", version))

    def python310(self, path: pathlib.Path) -> pathlib.Path:
        return self.program(path, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')

    def start(self, path: str | None = None, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", "scripts/install.sh"], cwd=self.repo, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": path or str(self.bin), "HOME": str(self.home),
                 "LOG": str(self.root / "log"), **env})

    def install(self, path: str | None = None, **env: str) -> tuple[int, str]:
        process = self.start(path, **env)
        output, _ = process.communicate(timeout=30)
        return process.returncode, output

    def python_taken(self) -> str:
        """The interpreter that the environment was made with."""
        line = next(line for line in self.log if line.startswith("uv venv"))
        return line.split(" --python ")[1].removesuffix(f" {self.venv}")


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    return Machine(tmp_path)


def test_python_of_the_variable_comes_first(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    mine = machine.python310(machine.root / "mine" / "python")
    status, output = machine.install(PYTHON=str(mine))
    assert status == 0, output
    assert machine.python_taken() == str(mine)


def test_variable_with_another_version_is_passed_over(machine: Machine) -> None:
    machine.uv()
    other = machine.program(machine.root / "python", PYTHON_311)
    good = machine.python310(machine.bin / "python3.10")
    status, output = machine.install(PYTHON=str(other))
    assert status == 0, output
    assert machine.python_taken() == str(good)


def test_shim_that_fails_does_not_hide_a_later_python(machine: Machine) -> None:
    machine.uv()
    shims = machine.root / "shims"
    machine.program(shims / "python3.10", PYENV_SHIM)
    good = machine.python310(machine.bin / "python3.10")
    status, output = machine.install(path=f"{shims}:{machine.bin}")
    assert status == 0, output
    assert machine.python_taken() == str(good)


@pytest.mark.parametrize("pyenv_root", [None, "elsewhere"])
def test_versions_folder_of_pyenv(machine: Machine, pyenv_root: str | None) -> None:
    machine.uv()
    machine.program(machine.bin / "python3.10", PYENV_SHIM)
    pyenv = machine.root / pyenv_root if pyenv_root else machine.home / ".pyenv"
    good = machine.python310(pyenv / "versions" / "3.10.13" / "bin" / "python3.10")
    env = {"PYENV_ROOT": str(pyenv)} if pyenv_root else {}
    status, output = machine.install(**env)
    assert status == 0, output
    assert machine.python_taken() == str(good)


def test_plain_python3_that_is_310(machine: Machine) -> None:
    machine.uv()
    good = machine.python310(machine.bin / "python3")
    status, output = machine.install()
    assert status == 0, output
    assert machine.python_taken() == str(good)


def test_python_that_uv_manages(machine: Machine) -> None:
    machine.uv()
    machine.program(machine.bin / "python3", PYTHON_311)
    managed = machine.python310(machine.root / "managed" / "python3.10")
    status, output = machine.install(MANAGED=str(managed))
    assert status == 0, output
    assert machine.python_taken() == str(managed)


def test_no_python_310_says_what_was_tried_and_leaves_nothing(machine: Machine) -> None:
    machine.uv()
    machine.program(machine.bin / "python3.10", PYENV_SHIM)
    machine.program(machine.bin / "python3", PYTHON_311)
    status, output = machine.install(PYTHON="/no/such/python")
    assert status == 1
    assert "/no/such/python" in output
    assert f"{machine.bin}/python3.10: pyenv: python3.10: command not found" in output
    assert f"{machine.bin}/python3: is Python 3.11" in output
    assert "network is unreachable" in output
    assert "pyenv install 3.10" in output
    assert not machine.venv.exists()


def test_second_call_does_nothing(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    assert machine.install()[0] == 0
    calls = machine.log
    assert machine.install() == (0, "")
    assert machine.log == calls


def test_changed_lock_installs_anew(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    machine.install()
    (machine.venv / "stale").touch()
    with (machine.repo / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    status, output = machine.install()
    assert status == 0, output
    assert sum("pip sync" in line for line in machine.log) == 2
    assert not (machine.venv / "stale").exists()


def test_activated_environment_is_not_made_of_itself(machine: Machine) -> None:
    machine.uv()
    good = machine.python310(machine.bin / "python3.10")
    machine.install()
    machine.python310(machine.venv / "bin" / "python3.10")
    machine.uv(machine.venv / "bin" / "uv")
    (machine.venv / ".installed").unlink()
    (machine.root / "log").unlink()
    status, output = machine.install(path=f"{machine.venv}/bin:{machine.bin}")
    assert status == 0, output
    assert machine.python_taken() == str(good)


def test_failed_installation_leaves_no_environment_and_is_redone(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    status, output = machine.install(BROKEN="yes")
    assert status != 0
    assert "connection lost" in output
    assert not machine.venv.exists()
    assert machine.install()[0] == 0


def test_environment_without_the_stamp_is_made_anew(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    machine.install()
    (machine.venv / ".installed").unlink()  # as kill -9 leaves it
    (machine.venv / "half").touch()
    assert machine.install()[0] == 0
    assert not (machine.venv / "half").exists()


def test_two_at_once_install_once(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    both = [machine.start(SLOW="yes"), machine.start(SLOW="yes")]
    outputs = [process.communicate(timeout=30)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert sum("pip sync" in line for line in machine.log) == 1


def test_uv_is_fetched_with_the_pip_of_any_python(machine: Machine) -> None:
    machine.program(machine.bin / "python3", PYTHON_WITH_PIP)
    fake = machine.uv(machine.root / "fake-uv")
    pyenv = machine.home / ".pyenv" / "versions" / "3.10.1" / "bin"
    machine.program(
        pyenv / "python3.10",
        f'#!/bin/sh\ncase "$*" in *"-m "*) exit 1 ;; esac\nexec "{sys.executable}" "$@"\n')
    status, output = machine.install(FAKE_UV=str(fake))
    assert status == 0, output
    assert "pip" in machine.log
    pinned = (machine.repo / ".bootstrap" / "uv.txt").read_text()
    assert pinned == "uv==1.2.3 \\\n    --hash=sha256:bb\n"


def test_uv_that_is_too_old_is_passed_over(machine: Machine) -> None:
    machine.uv(version="0.1.9")
    machine.python310(machine.bin / "python3.10")
    newer = machine.uv(machine.root / "more" / "uv", version="0.5.0")
    status, output = machine.install(path=f"{machine.bin}:{newer.parent}")
    assert status == 0, output


def test_no_uv_and_no_pip_says_what_to_install(machine: Machine) -> None:
    machine.program(machine.bin / "python3", PYTHON_WITHOUT_PIP)
    status, output = machine.install()
    assert status == 1
    assert f"{machine.bin}/python3: ensurepip is not available" in output
    assert "apt install python3-pip or python3-venv" in output
    assert not machine.venv.exists()
    assert not (machine.repo / ".bootstrap").exists()


def test_folder_that_is_no_environment_is_left_alone(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    machine.venv.mkdir()
    (machine.venv / "thesis.tex").touch()
    status, output = machine.install()
    assert status == 1
    assert "no virtual environment" in output
    assert (machine.venv / "thesis.tex").exists()


def test_other_machines_are_told_so(machine: Machine) -> None:
    (machine.bin / "uname").unlink()
    machine.program(
        machine.bin / "uname",
        '#!/bin/sh\n[ "$1" = -s ] && echo Darwin || echo arm64\n')
    status, output = machine.install()
    assert status == 1
    assert "Darwin on arm64" in output
    assert "Dockerfile" in output


def test_compiler_is_fetched_where_there_is_none(machine: Machine) -> None:
    machine.uv()
    machine.python310(machine.bin / "python3.10")
    (machine.bin / "c++").unlink()
    (machine.repo / ".bootstrap" / "zig").mkdir(parents=True)
    status, output = machine.install()
    assert status == 0, output
    assert any("scripts/compiler.txt" in line for line in machine.log)
    assert os.access(machine.repo / ".bootstrap" / "zig" / "c++", os.X_OK)
