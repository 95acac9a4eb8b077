"""The sample shop and one run of the pipeline on it, by the command, in processes of their own."""

from __future__ import annotations

import contextlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

# Small enough for a minute, large enough that a model beats popularity.
SAMPLE = ("--products", "400", "--users", "150", "--events", "6000")
SETTINGS = (
    "--preset", "tiny", "--set", "training.epochs=3", "--set", "training.context_epochs=2",
    "--set", "training.learning_rate=1e-3")
SHORT = ("--set", "training.epochs=1", "--set", "training.context_epochs=1")
"""After `SETTINGS`: for runs of which the quality of the model is not asked."""


PATIENCE_SECONDS = 900
"""After which a command is taken to hang: many times what any of them needs."""


def emporium(*arguments: object) -> subprocess.CompletedProcess:
    """Runs the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)], capture_output=True,
        text=True, check=False, timeout=PATIENCE_SECONDS)


@contextlib.contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen]:
    """Starts the command, its output to be read; it does not outlive the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def run_shop(shop: pathlib.Path, out: pathlib.Path, *more: str) -> subprocess.CompletedProcess:
    """Runs the pipeline on a shop with the settings of these tests."""
    return emporium("run", shop, "--out", out, *SETTINGS, *more)


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> pathlib.Path:
    """The sample shop's tables."""
    folder = tmp_path_factory.mktemp("e2e") / "shop"
    done = emporium("sample", folder, *SAMPLE)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def first_run(shop) -> tuple[pathlib.Path, str]:
    """The output folder of a run that pushed a version, and what the run said."""
    out = shop.parent / "out"
    done = run_shop(shop, out)
    assert done.returncode == 0, done.stdout + done.stderr
    return out, done.stdout
