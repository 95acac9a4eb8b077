"""The short cuts to the library's answers give the library's answers."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType

from pipeline.personal import numbering
from pipeline.personal.regions import DEFAULT_REGIONS

# Digits are put into numbers of Argentina; San Marino and Italy share formats, not a code.
REGIONS = (*DEFAULT_REGIONS, "AR", "SM", "KZ", "IL", "DK")
KINDS = [kind for kind in PhoneNumberType.values() if 0 <= kind <= PhoneNumberType.UAN]


def library_finds(written, region, leniency):
    return any(match.raw_string == written
               for match in PhoneNumberMatcher(written, region, leniency=leniency))


@st.composite
def numbers(draw):
    """(region, digits) near numbers in use, as they are dialled at home and from abroad."""
    region = draw(st.sampled_from(REGIONS))
    example = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    known = phonenumbers.national_significant_number(example) if example else "2345678901"
    changed = draw(st.integers(0, 4))
    tail = draw(st.text("0123456789", min_size=changed, max_size=changed))
    code = str(phonenumbers.country_code_for_region(region))
    dialled = draw(st.sampled_from(("", "0", "1", "00", code, f"00{code}", f"011{code}", "0034")))
    return region, dialled + known[:len(known) - changed] + tail


@given(numbers())
def test_numbers_in_use_are_those_of_the_library(number):
    region, digits = number
    expected = library_finds(digits, region, Leniency.VALID)
    assert numbering.is_valid_at_home(digits, (region,)) == expected


@given(numbers(), st.data())
def test_groupings_are_those_of_the_library(number, data):
    region, digits = number
    cuts = data.draw(st.sets(st.integers(1, len(digits) - 1), max_size=3))
    written = "".join(
        f"{' ' if place in cuts else ''}{digit}" for place, digit in enumerate(digits))
    trunk = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True)
    expected = (trunk is None or region in ("US", "CN", "IN", "BR")) and library_finds(
        written, region, Leniency.STRICT_GROUPING)
    assert numbering.is_grouped_as_at_home(written, (region,)) == expected


@pytest.mark.parametrize(("digits", "mobile"), [
    ("15123456789", False), ("015123456789", True), ("03012345678", False), ("99999999999", False)])
def test_mobile_numbers(digits, mobile):
    assert numbering.is_mobile(digits, ("DE",)) == mobile
