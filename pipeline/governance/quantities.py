"""Amounts as shops write them, "1,5 kg", "1500 GR" or "1.500,00 g": exact numbers, and units."""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

NUMBER = r"[+\-−–]?\d+(?:[.,'’ ]\d+)*"
"""Pattern of what may be a number, white space as one space."""

MAX_DIGITS = 15
"""Digits of a number above which it is a code, and of a converted one above which it is nothing
that anyone would write."""

_READINGS = {
    mark: re.compile(
        rf"(-?)(\d+|[1-9]\d{{0,2}}(?:(?P<group>[{other}' ])\d{{3}}(?:(?P=group)\d{{3}})*))"
        rf"(?:\{mark}(\d+))?")
    for mark, other in ((".", ","), (",", "."))}
_QUANTITY = re.compile(rf"({NUMBER})( ?)(\D.*)", re.DOTALL)
_SIGNS = str.maketrans({"−": "-", "–": "-", "’": "'", "+": None})


class Unit(NamedTuple):
    """A unit: its symbol, what it measures, and how many of a dimension's first unit it is."""

    symbol: str
    dimension: str
    size: Fraction


class Quantity(NamedTuple):
    """A number with a unit as they are written.

    Attributes:
        number: text of the number, see `read_number`.
        unit: what it counts.
        spelling: of the unit.
        spaced: whether a space stands between them.
    """

    number: str
    unit: Unit
    spelling: str
    spaced: bool


def read_number(text: str, mark: str = "") -> Decimal | None:
    """The number that a text is.

    Args:
        text: digits, perhaps with a sign, a decimal mark and marks between thousands.
        mark: what is known to stand before decimals, "." or ","; "" where that is not known.

    Returns:
        None where it is no number, or may be two: "1,500" and "1.500" without a known mark.
    """
    readings = _readings(text)
    if mark in readings:
        return readings[mark]
    return readings.popitem()[1] if len(set(readings.values())) == 1 else None


def decimal_mark(text: str) -> str:
    """The mark before decimals, where a number shows which one it is; else ""."""
    readings = _readings(text)
    return readings.popitem()[0] if len(readings) == 1 else ""


def write_number(number: Decimal, mark: str = ".") -> str:
    """A number with the decimals that it has, without marks between thousands."""
    return format(number, "f").replace(".", mark)


def read_quantity(text: str) -> Quantity | None:
    """A number and a unit; None where a text is anything else, or more."""
    found = _QUANTITY.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    number, space, spelling = found.groups()
    unit = find_unit(spelling)
    return None if unit is None else Quantity(number, unit, spelling, bool(space))


def find_unit(spelling: str) -> Unit | None:
    """The unit that a word or symbol stands for.

    Case counts where it tells units apart, and of a single letter: "12 M" is a size.
    """
    normal = unicodedata.normalize("NFKC", spelling)
    return _BY_SPELLING.get(normal) or _BY_FOLDED.get(normal.casefold().rstrip("."))


def first_unit(unit: Unit) -> Unit:
    """The unit that amounts of a dimension are compared in: g, mm, l, s, W and so on."""
    return _FIRST[unit.dimension]


def convert(number: Decimal, unit: Unit, target: Unit) -> Decimal | None:
    """The same amount in another unit of the dimension; None where it is not exact and short."""
    if unit == target:
        return number
    amount = Fraction(number) * unit.size / target.size
    converted = Decimal(amount.numerator) / Decimal(amount.denominator)
    converted = converted.normalize()
    if Fraction(converted) != amount or len(converted.as_tuple().digits) > MAX_DIGITS:
        return None
    return converted


def _readings(text: str) -> dict[str, Decimal]:
    """The numbers that a text may be, by the mark before decimals that each takes it to have."""
    text = " ".join(unicodedata.normalize("NFKC", text).split()).translate(_SIGNS)
    readings = {}
    for mark, pattern in _READINGS.items():
        found = pattern.fullmatch(text)
        if found and sum(map(str.isdigit, text)) <= MAX_DIGITS:
            sign, whole, _, decimals = found.groups()
            digits = re.sub(r"\D", "", whole)
            readings[mark] = Decimal(f"{sign}{digits}.{decimals}" if decimals else sign + digits)
    return readings


def _units(dimension: str, *rows: tuple[str, str | int, str]) -> list[tuple[Unit, list[str]]]:
    return [(Unit(symbol, dimension, Fraction(size)), spellings.split())
            for symbol, size, spellings in rows]


def _alone(symbol: str, spellings: str = "") -> list[tuple[Unit, list[str]]]:
    """A unit that is not converted: by an uncertain factor, or from another zero."""
    return _units(symbol, (symbol, 1, spellings))


_UNITS = [
    *_units("mass", ("g", 1, "gr gm grs gram grams gramme grammes gramm 克"),
            ("mg", "1/1000", "milligram milligrams 毫克"), ("µg", "1/1000000", "ug mcg"),
            ("kg", 1000, "kgs kilo kilos kilogram kilograms kilogramm 千克 公斤"),
            ("t", 1_000_000, "tonne tonnes 吨"),
            ("lb", "453.59237", "lbs pound pounds"), ("oz", "28.349523125", "ounce ounces")),
    *_units("length", ("mm", 1, "millimeter millimeters millimetre millimetres 毫米"),
            ("cm", 10, "centimeter centimeters centimetre centimetres zentimeter 厘米 公分"),
            ("m", 1000, "meter meters metre metres mtr 米"), ("km", 1_000_000, "公里 千米"),
            ("µm", "1/1000", "um micron microns"), ("nm", "1/1000000", ""),
            ("in", "25.4", '" \'\' ” ″ inch inches zoll 英寸 寸'), ("ft", "304.8", "foot feet"),
            ("yd", "914.4", "yard yards")),
    *_units("area", ("m²", 1, "m2 sqm qm"), ("cm²", "1/10000", "cm2"),
            ("mm²", "1/1000000", "mm2")),
    *_units("volume", ("l", 1000, "L ltr liter liters litre litres 升"),
            ("ml", 1, "milliliter milliliters millilitre millilitres 毫升"),
            ("cl", 10, ""), ("dl", 100, "")),
    *_units("time", ("s", 1, "sec secs second seconds sek sekunden 秒"),
            ("ms", "1/1000", "msec millisecond milliseconds 毫秒"),
            ("min", 60, "mins minute minutes minuten 分钟"),
            ("h", 3600, "hr hrs hour hours std stunde stunden 小时")),
    *_units("power", ("W", 1, "w watt watts 瓦"), ("mW", "1/1000", ""), ("kW", 1000, "千瓦"),
            ("MW", 1_000_000, "")),
    *_units("voltage", ("V", 1, "v volt volts 伏"), ("mV", "1/1000", ""), ("kV", 1000, "")),
    *_units("current", ("A", 1, "amp amps ampere amperes 安"), ("mA", "1/1000", "")),
    *_units("charge", ("mAh", 1, "毫安时 毫安"), ("Ah", 1000, "")),
    *_units("energy", ("Wh", 1, ""), ("kWh", 1000, "")),
    *_units("frequency", ("Hz", 1, "hertz 赫兹"), ("kHz", 1000, ""), ("MHz", 1_000_000, ""),
            ("GHz", 1_000_000_000, "")),
    *_units("pressure", ("bar", 1, ""), ("mbar", "1/1000", ""), ("kPa", "1/100", ""),
            ("MPa", 10, "")),
    # Of 1000 or 1024, and by the US or the Imperial measure.
    *_alone("B", "byte bytes"), *_alone("KB", "kB"), *_alone("MB"), *_alone("GB"), *_alone("TB"),
    *_alone("Kb", "Kbit"), *_alone("Mb", "Mbit"), *_alone("Gb", "Gbit"), *_alone("Tb", "Tbit"),
    *_alone("Mbit/s", "Mbps mbps Mb/s"), *_alone("Gbit/s", "Gbps gbps Gb/s"),
    *_alone("MB/s", "MBps"), *_alone("GB/s", "GBps"),
    *_alone("gal", "gallon gallons"), *_alone("qt", "quart quarts"), *_alone("pt", "pint pints"),
    *_alone("°C", "celsius 摄氏度"), *_alone("°F", "fahrenheit"), *_alone("K", "kelvin"),
    *_alone("°", "deg degree degrees 度"), *_alone("%", "percent prozent"),
    *_alone("dB"), *_alone("lm", "lumen lumens 流明"), *_alone("cd", "candela"),
    *_alone("lx", "lux"),
    *_alone("rpm", "u/min r/min 转/分"), *_alone("dpi"), *_alone("px", "pixel pixels 像素"),
    *_alone("MP", "megapixel megapixels"), *_alone("psi"), *_alone("Nm"), *_alone("VA"),
    *_alone("d", "day days tag tage 天"), *_alone("mo", "month months monat monate 个月"),
    *_alone("y", "yr yrs year years jahr jahre 年"),
    *_alone("pcs", "pc pcs. piece pieces pc(s) stk stück stueck 个 件 只"),
]


def _spellings() -> tuple[Mapping[str, Unit], Mapping[str, Unit]]:
    """Units by spelling, and by words in lower case where one unit alone has them."""
    exact: dict[str, Unit] = {}
    folded: dict[str, set[Unit]] = collections.defaultdict(set)
    for unit, spellings in _UNITS:
        for spelling in (unit.symbol, *spellings):
            normal = unicodedata.normalize("NFKC", spelling)
            exact[normal] = unit
            folded[normal.casefold()].add(unit)
    return exact, {
        spelling: next(iter(units)) for spelling, units in folded.items()
        if len(units) == 1 and len(spelling) > 1}


_FIRST = {unit.dimension: unit for unit, _ in reversed(_UNITS)}
_BY_SPELLING, _BY_FOLDED = _spellings()
