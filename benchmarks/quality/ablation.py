"""What each part of the default configuration is worth: the runs without it.

A part that can be switched off has a row in `VARIATIONS`; to add one, add a line.
"""

from __future__ import annotations

import dataclasses

SEED = 1
"""Seed of every variation, compared with the default's run of the same seed."""

PREFIX = "ablation-"
"""Before a variation's name in the name of its results."""


@dataclasses.dataclass(frozen=True)
class Variation:
    """The default configuration with something taken away.

    Attributes:
        name: in the names of result files.
        label: what is taken away, in the table.
        settings: `section.key=value`, as for `emporium run --set`.
        tasks: that it changes anything on.
    """

    name: str
    label: str
    settings: tuple[str, ...]
    tasks: tuple[str, ...] = ("homedepot", "scientific")

    @property
    def same_towers(self) -> bool:
        """Whether only what is indexed changes, so that the default's towers do."""
        return all(setting.startswith("index.") for setting in self.settings)

    @property
    def system(self) -> str:
        """Name of the system in results."""
        return PREFIX + self.name


_ARMS = ("dense", "lexical", "collaborative", "popularity")


def _without(arm: str) -> tuple[str, ...]:
    return (f"index.arms=[{', '.join(other for other in _ARMS if other != arm)}]",)


VARIATIONS = (
    Variation("dense-only", "every arm but the dense one", ("index.arms=[dense]",)),
    Variation("lexical", "the lexical arm", _without("lexical")),
    Variation("collaborative", "the collaborative arm", _without("collaborative"),
              ("scientific",)),
    Variation("dense", "the dense arm", _without("dense")),
    Variation("popularity", "popularity", _without("popularity")),
    Variation("graded", "judged and mined negatives", ("training.graded_negatives=0",),
              ("homedepot",)),
    Variation("mining", "mined negatives", ("training.mine_every=0",), ("homedepot",)),
    Variation("uniform", "uniform negatives", ("training.uniform_negatives=0",), ("homedepot",)),
    Variation("logq", "logQ", ("training.logq=0",), ("homedepot",)),
    Variation("backward", "the loss from products to queries", ("training.backward_share=0",),
              ("homedepot",)),
    Variation("pretraining", "the pretraining: a small encoder", ("text.preset=tiny",)),
    Variation("one-pass", "one pass over the text pairs", ("training.epochs=1",), ("homedepot",)),
    Variation("transformer", "the history's Transformer", ("training.history_layers=0",),
              ("scientific",)),
    Variation("residual", "next to nothing learned by product id",
              ("training.residual_rank=1",), ("scientific",)),
    Variation("residual-dropout", "no dropout of what is learned by product id",
              ("training.residual_dropout=0",), ("scientific",)),
    Variation("few-negatives", "256 sampled negatives a step, not every product",
              ("training.max_negatives=256",), ("scientific",)),
)
