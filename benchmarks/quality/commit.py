"""Which code a result is of."""

from __future__ import annotations

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]

_NO_CODE = (":!benchmarks/results", ":!*.md")


def code_commit(root: pathlib.Path = ROOT) -> str:
    """The commit of a checkout, with `+changes` where its code differs from it.

    Results and pages, which the benchmark itself writes, are no code.
    """
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], check=True, capture_output=True,
            text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", *_NO_CODE)
    return git("rev-parse", "HEAD") + ("+changes" if changed else "")
