"""What is a telephone number in which country: questions to the library `phonenumbers`."""

from __future__ import annotations

import functools
import re

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher

from pipeline.personal.number_shapes import may_be_valid

_MOBILE = frozenset((
    phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE))
_TRUNK_LEFT_OUT = frozenset(("US", "CA", "CN", "IN", "BR"))
_CACHED = 1 << 14


@functools.lru_cache(_CACHED)
def is_international(digits: str, *, valid: bool) -> bool:
    """Whether digits, after a plus, are a number of some country.

    Args:
        digits: country code first.
        valid: its range must be in use; else its length decides.
    """
    number = _parse(f"+{digits}", None)
    if number is None:
        return False
    check = phonenumbers.is_valid_number if valid else phonenumbers.is_possible_number
    return bool(check(number))


@functools.lru_cache(_CACHED)
def is_valid_at_home(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether digits are a number in use in one of the regions, with the trunk prefix it needs."""
    return any(_matches(digits, region, Leniency.VALID) for region in regions)


@functools.lru_cache(_CACHED)
def is_grouped_as_at_home(written: str, regions: tuple[str, ...]) -> bool:
    """Whether a number is in use, and grouped as people write it who dial no trunk prefix."""
    return any(
        _matches(written, region, Leniency.STRICT_GROUPING)
        for region in _without_trunk(regions))


@functools.lru_cache(_CACHED)
def is_mobile(digits: str, regions: tuple[str, ...]) -> bool:
    """Whether digits are a mobile number in use in one of the regions."""
    return any(
        may_be_valid(digits, region)
        and (number := _parse(digits, region)) is not None
        and phonenumbers.is_valid_number(number)
        and phonenumbers.number_type(number) in _MOBILE
        and _matches(digits, region, Leniency.VALID) for region in regions)


@functools.lru_cache(64)
def calling_codes(regions: tuple[str, ...]) -> frozenset[str]:
    """Country codes of the regions."""
    return frozenset(str(phonenumbers.country_code_for_region(region)) for region in regions)


@functools.lru_cache(64)
def _without_trunk(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the regions in which people dial no trunk prefix, or write none."""
    return tuple(
        region for region in regions if region in _TRUNK_LEFT_OUT
        or phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) is None)


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _matches(written: str, region: str, leniency: int) -> bool:
    if not may_be_valid(re.sub(r"\D", "", written), region):
        return False
    return any(
        match.raw_string == written
        for match in _WholeMatcher(written, region, leniency=leniency))


class _WholeMatcher(PhoneNumberMatcher):
    """Looks at no parts of what is no number as a whole, which takes twice as long as the rest."""

    def _extract_inner_match(self, _candidate: str, _offset: int) -> None:
        return None
