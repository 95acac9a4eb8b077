"""kill -9 during a run: what is served and the inputs stay, and the next run completes."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.e2e.conftest import SETTINGS, run_shop

pytestmark = pytest.mark.e2e


def _contents(folder: pathlib.Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*") if path.is_file()}


def _kill_when(shop: pathlib.Path, out: pathlib.Path, said: str, *more: str) -> None:
    """Runs the pipeline until it says something, then kills it."""
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", str(shop), "--out", str(out), *SETTINGS,
         *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as running:
        text = ""
        while said not in text:
            piece = running.stdout.read(1)
            assert piece, f"the run ended before it said {said!r}: {text}"
            text += piece
        running.kill()


def test_a_run_killed_in_training_and_in_indexing_is_completed_by_the_next(shop, first_run):
    out, _ = first_run
    tables, served = _contents(shop), _contents(out / "serving")
    change = ("--set", "seed=2")
    _kill_when(shop, out, "text: step", *change)
    _kill_when(shop, out, "] IndexBuilder", *change)
    assert _contents(shop) == tables
    assert _contents(out / "serving") == served
    done = run_shop(shop, out, *change)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if "] Trainer " in line]
    assert [line.endswith("unchanged") for line in lines] == [True]
    assert {name: data for name, data in _contents(out / "serving").items()
            if name in served} == served
