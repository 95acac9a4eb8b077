"""The table of settings that `emporium run --help` prints, made from the configuration itself."""

from __future__ import annotations

import textwrap
import typing
from collections.abc import Iterator

import pydantic
from pydantic.fields import FieldInfo

_BOUNDS = (("ge", ">= {}"), ("gt", "> {}"), ("le", "<= {}"), ("lt", "< {}"))
_WIDTH = 96


def describe_settings(config: type[pydantic.BaseModel]) -> str:
    """Lists every setting with its default, range and description, section by section."""
    return "\n".join(
        f"  {name} ({_default(field)}{_range(field)})\n"
        + textwrap.fill(field.description or "", _WIDTH, initial_indent=" " * 6,
                        subsequent_indent=" " * 6)
        for name, field in _fields(config, ""))


def _fields(model: type[pydantic.BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            yield from _fields(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None:
        return "null"  # As YAML and --set have it; the description says what it stands for.
    return f"[{', '.join(value)}]" if isinstance(value, tuple) else str(value)


def _range(field: FieldInfo) -> str:
    if typing.get_origin(field.annotation) is typing.Literal:
        return "; " + " | ".join(map(str, typing.get_args(field.annotation)))
    if field.annotation is bool:
        return "; true | false"
    bounds = [
        text.format(getattr(rule, bound))
        for bound, text in _BOUNDS for rule in field.metadata if hasattr(rule, bound)]
    return f"; {' and '.join(bounds)}" if bounds else ""
