"""How the judge learns and how sure it has to be."""

from __future__ import annotations

import dataclasses

from model.masked_language import MaskedLanguageSettings


@dataclasses.dataclass(frozen=True)
class JudgeSettings:
    """Settings of the judge.

    Attributes:
        precision: share of what is found that should be noise, if the shop has the assumed rate.
        noise_rate: share of products that is assumed to have each of eight kinds of noise. Of a
            shop with less noise, less of what is found is right; the lower, the less is found.
        max_sample: products that are learned from; bounds memory and time of a large shop.
        made_per_kind: products that are made noisy, of each kind.
        language_model: masked language model for what cheaper evidence leaves open, or None.
        seed: of the sample and the noise.
    """

    precision: float = 0.95
    noise_rate: float = 0.005
    max_sample: int = 20_000
    made_per_kind: int = 2_400
    language_model: MaskedLanguageSettings | None = dataclasses.field(
        default_factory=MaskedLanguageSettings)
    seed: int = 0
