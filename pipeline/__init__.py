"""Turns a shop's tables into a pushed model; TFX and Beam live in this room only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.artifacts import Contexts, Popularity, Quarantine, Sequences

__all__ = ["Contexts", "Popularity", "Quarantine", "Sequences"]


def __getattr__(name: str) -> Any:
    """Finds an artifact type where Kubeflow's containers look for it; imports TFX only then."""
    if name in __all__:
        from pipeline import artifacts

        return getattr(artifacts, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
