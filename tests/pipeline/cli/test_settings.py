from typing import Literal

import pydantic
from pydantic import Field

from pipeline.cli.settings import describe_settings
from pipeline.config import Config


class Section(pydantic.BaseModel):
    share: float = Field(0.5, gt=0, le=1, description="A share.")
    kind: Literal["a", "b"] = Field("a", description="A kind.")


class Toy(pydantic.BaseModel):
    seed: int = Field(1, ge=0, description="A seed.")
    section: Section = Section()
    names: tuple[str, ...] = Field(("x", "y"), description="Names.")
    on: bool = Field(False, description="A switch.")
    most: int | None = Field(None, ge=2, description="Two or more.")


def test_every_kind_of_setting_has_its_default_and_range():
    assert describe_settings(Toy) == (
        "  seed (1; >= 0)\n      A seed.\n"
        "  section.share (0.5; > 0 and <= 1)\n      A share.\n"
        "  section.kind (a; a | b)\n      A kind.\n"
        "  names ([x, y])\n      Names.\n"
        "  on (False; true | false)\n      A switch.\n"
        "  most (null; >= 2)\n      Two or more.")


def test_no_setting_of_the_configuration_is_left_out():
    described = describe_settings(Config)

    def walk(model, prefix=""):
        for name, field in model.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(
                    field.annotation, pydantic.BaseModel):
                yield from walk(field.annotation, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", field

    for name, field in walk(Config):
        assert f"  {name} (" in described
        assert field.description, name
