"""Which digits are no telephone number in use: a quick no, where the library takes a while."""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip",
    "pager", "uan", "voicemail")


def may_be_valid(digits: str, region: str) -> bool:
    """Whether digits may be a number in use, as they are dialled in a region.

    Whatever is dialled before a number, its last digits are those of one of its country.
    """
    shape = _shape(region)
    return shape is None or shape.abroad.match(digits) is not None or any(
        shape.national.fullmatch(digits, len(digits) - length) is not None
        for length in shape.lengths if length <= len(digits))


class _Shape(NamedTuple):
    """What numbers of a country look like.

    Attributes:
        abroad: what is dialled before the number of another country.
        national: numbers of the country, and of those that share its code.
        lengths: how many digits those have.
    """

    abroad: re.Pattern[str]
    national: re.Pattern[str]
    lengths: tuple[int, ...]


@functools.lru_cache(512)
def _shape(region: str) -> _Shape | None:
    """The shape of the numbers of a region; None where digits are put into some of them."""
    home = PhoneMetadata.metadata_for_region(region)
    if home is None or re.search(r"(?<!\\)\d", home.national_prefix_transform_rule or ""):
        return None
    patterns: set[str] = set()
    lengths: set[int] = set()
    for other in phonenumbers.region_codes_for_country_code(
            phonenumbers.country_code_for_region(region)):
        metadata = PhoneMetadata.metadata_for_region(other)
        kinds = [kind for name in _KINDS if (kind := getattr(metadata, name)) is not None]
        patterns.update(kind.national_number_pattern for kind in kinds)
        lengths.update(length for kind in kinds for length in kind.possible_length)
    return _Shape(
        re.compile(home.international_prefix or "(?!)"), re.compile("|".join(sorted(patterns))),
        tuple(sorted(lengths)))
