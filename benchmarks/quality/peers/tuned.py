"""The encoder fine-tuned with sentence-transformers, in an environment of its own."""

from __future__ import annotations

import pathlib
import subprocess

from model.presets import load_preset

ROOT = pathlib.Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
"""Interpreter of that environment (`make peers-environment`)."""

TRAINED_ON = "homedepot"
"""The task whose labels it is tuned on; other search tasks have none."""


def make_vectors(tasks: pathlib.Path, names: list[str], out: pathlib.Path) -> bool:
    """Tunes and encodes what is not there yet, as OUT/TASK.npz.

    Args:
        tasks: folder of the tasks.
        names: tasks to encode.
        out: receives the vectors, and keeps what an interrupted call has done.

    Returns:
        False, with nothing done, where the environment is missing.
    """
    missing = [name for name in names if not (out / f"{name}.npz").exists()]
    if missing and not PYTHON.exists():
        return False
    if missing:
        weights = load_preset("minilm").checkpoint
        subprocess.run(
            [str(PYTHON), str(ROOT / "benchmarks" / "peers_sentence_transformers.py"),
             "--tasks", str(tasks), "--weights", str(weights), "--out", str(out),
             "--train", TRAINED_ON, "--encode", *missing],
            check=True)
    return True
