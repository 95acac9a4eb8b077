"""Which commit the code is of: git knows in a checkout; a build writes it into the package.

Standard library only, as setup.py reads it before anything is installed.
"""

from __future__ import annotations

import pathlib
import subprocess

COMMIT_FILE = "commit.txt"
"""Beside this module, in a wheel: an installed package has no git to ask."""


def find_commit(file: pathlib.Path = pathlib.Path(__file__)) -> str | None:
    """The commit of a source file, or else the one that was written beside it; None without both.

    Args:
        file: by default this module, for the code that is running.
    """
    commit = checkout_commit(file)
    built = file.with_name(COMMIT_FILE)
    if commit is None and built.is_file():
        commit = built.read_text(encoding="utf-8").strip()
    return commit


def checkout_commit(file: pathlib.Path) -> str | None:
    """The commit of the checkout that tracks `file`, with `+changes` when files differ from it.

    Returns:
        None for a file that is not tracked, or without git.
    """
    if _git(file, "ls-files", "--error-unmatch", file.name) is None:
        return None
    commit = _git(file, "rev-parse", "HEAD")
    changes = _git(file, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changes else commit


def _git(file: pathlib.Path, *arguments: str) -> str | None:
    try:
        process = subprocess.run(
            ["git", "-C", str(file.parent), *arguments],
            capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return process.stdout.strip() if process.returncode == 0 else None
