"""The one configuration of a run: typed, validated, YAML on disk.

Every component receives the section that it reads and no other, so that a change of one section
re-runs only what depends on it; the evaluator alone receives all, for its report.
"""

from __future__ import annotations

import difflib
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pydantic
import yaml
from pydantic import Field

from model.settings import Section, Text, Training, Tuning, listed
from pipeline.evaluation.slice_names import BANDS, OF_THE_JOIN, SLICES
from pipeline.governance.settings import Governance
from pipeline.personal.hashing import UserKey, UserKeyError
from pipeline.personal.regions import DEFAULT_REGIONS

MODEL_NAME = "emporium"
"""Name of the model in requests, where the server is not told another."""

USER_KEY_VARIABLE = "EMPORIUM_USER_KEY"
"""Environment variable with the key that user ids are hashed with, `SECRET` or `VERSION:SECRET`."""


class ConfigError(ValueError):
    """A setting is unknown, of the wrong type or out of range; the message names it."""


class Ingest(Section):
    """How tables are read."""

    max_text_chars: int = Field(
        20_000, ge=100, le=1_000_000,
        description="Longer text values are cut here and counted; towers read far less.")
    max_quarantine_fraction: float = Field(
        0.5, ge=0, le=1,
        description="A table that loses more than this share of its rows stops the run. Half: raw "
        "invoice exports lose a quarter (no customer, returns) and are still good data.")
    mask_personal_data: bool = Field(
        True,
        description="E-mail addresses, phone and card numbers and names in queries, reviews, "
        "profiles and attributes are masked, in the catalogue the first three where they are "
        "plain. Ids of users are replaced by the key in EMPORIUM_USER_KEY, not by this.")
    phone_regions: tuple[str, ...] = Field(
        DEFAULT_REGIONS,
        description="Countries (ISO 3166) whose phone numbers are known as they are written at "
        "home, without +49 or the like; each takes a few article numbers for one.")

    @pydantic.field_validator("phone_regions", mode="before")
    @classmethod
    def _listed(cls, regions: Any) -> Any:
        """A list may be written with commas, as on a command line."""
        return [region.strip().upper() for region in regions.split(",") if region.strip()] if (
            isinstance(regions, str)) else regions

    @pydantic.field_validator("phone_regions")
    @classmethod
    def _regions_exist(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        from phonenumbers import SUPPORTED_REGIONS  # Only where the setting is given.

        if unknown := sorted(set(regions).difference(SUPPORTED_REGIONS)):
            raise ValueError(
                f"should be countries by ISO 3166 code, such as US; there is no "
                f"{', '.join(unknown)}")
        return regions


class Examples(Section):
    """How events and judgments become training examples and validation contexts."""

    validation_fraction: float = Field(
        0.1, gt=0, lt=0.5,
        description="Share of the latest events and of the queries that validate; where events "
        "have only an order, the least share of the shoppers whose last product does.")
    history_length: int = Field(
        50, ge=1, le=500, description="Latest products of a shopper that a context keeps.")
    targets_per_user: int = Field(
        20, ge=1, le=1000,
        description="Latest events of a shopper that become training targets; the cap keeps a "
        "wholesale buyer from outweighing a hundred others.")
    max_contexts: int = Field(
        2_000, ge=50, le=100_000,
        description="Validation contexts of each kind, of which half tune and half judge: 1,000 "
        "that judge give nDCG@10 a 95% interval of about +-0.02.")
    pseudo_queries_per_product: int = Field(
        2, ge=1, le=20,
        description="Self-supervised queries made from each product where no query is known.")


class Index(Section):
    """How the catalogue is indexed."""

    arms: tuple[Literal["dense", "lexical", "collaborative", "popularity"], ...] = Field(
        ("dense", "lexical", "collaborative", "popularity"), min_length=1,
        description="What finds candidates and scores them, `dense,lexical` for example; the "
        "report says what each is worth.")
    kind: Literal["auto", "brute_force", "scann"] = Field(
        "auto", description="auto: brute force below brute_force_below products, else ScaNN.")
    brute_force_below: int = Field(
        20_000, ge=0,
        description="Below it an exhaustive search is as fast (benchmarks/index_size.py).")
    min_recall: float = Field(
        0.98, ge=0, le=1,
        description="recall@10 of the index against brute force on validation contexts, at the "
        "least; what it lacks is lost from nDCG in about the same proportion.")
    top_k: int = Field(100, ge=1, le=10_000, description="K of every signature.")

    _listed = pydantic.field_validator("arms", mode="before")(listed)

    @pydantic.field_validator("arms")
    @classmethod
    def _distinct(cls, arms: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(arms)) < len(arms):
            raise ValueError("an arm should be named once")
        return arms


class Gate(Section):
    """When a model is blessed."""

    bootstrap_samples: int = Field(1_000, ge=100, le=100_000, description="Resamples an interval.")
    guarded_slices: tuple[str, ...] = Field(
        (*BANDS, *OF_THE_JOIN),
        description="Slices on which a model may not be worse than the live one beyond noise, "
        f"among {', '.join(SLICES)}.")
    min_slice_contexts: int = Field(
        30, ge=2, description="A smaller slice is reported but guards nothing: all noise.")

    @pydantic.field_validator("guarded_slices")
    @classmethod
    def _slices_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(names).difference(SLICES))
        if unknown:
            raise ValueError(
                f"should be among {', '.join(SLICES)}; there is no {', '.join(unknown)}")
        return names


class Serving(Section):
    """What an exported version carries."""

    warmup_requests: int = Field(
        8, ge=1, le=1000,
        description="Warm-up requests of each signature that shops call, made from the "
        "catalogue's first titles and ids; a server sends them to a version before "
        "its first request.")


class Config(Section):
    """A run of the pipeline."""

    seed: int = Field(
        1, ge=0, lt=2**31,
        description="Seeds every random choice but those of governance, which are always the same.")
    ingest: Ingest = Ingest()
    governance: Governance = Governance()
    examples: Examples = Examples()
    text: Text = Text()
    training: Training = Training()
    tuning: Tuning = Tuning()
    index: Index = Index()
    gate: Gate = Gate()
    serving: Serving = Serving()


def load_config(
    paths: Sequence[str] | None = None, overrides: Sequence[str] | None = None,
) -> Config:
    """Reads YAML files and `section.key=value` overrides into a validated configuration.

    Args:
        paths: YAML files with any subset of the settings; a later one wins, setting by setting.
        overrides: settings such as `training.epochs=2`; values are parsed as YAML.

    Raises:
        ConfigError: a file that cannot be read, an unknown setting, a value out of range.
    """
    tree: dict[str, Any] = {}
    for path in paths or ():
        _merge(tree, _read_yaml(pathlib.Path(path)))
    for override in overrides or ():
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set takes section.key=value, received {override!r}")
        *sections, leaf = key.strip().split(".")
        node = tree
        for section in sections:
            node = node.setdefault(section, {})
            if not isinstance(node, dict):
                raise ConfigError(f"--set {override}: {section!r} is a value, not a section")
        try:
            node[leaf] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {override}: the value is not YAML: {error}") from error
    try:
        return Config.model_validate(tree)
    except pydantic.ValidationError as error:
        problems = [_problem(e["type"], e["loc"], e["msg"], e["input"]) for e in error.errors()]
        known = ", ".join(Config.model_fields)
        raise ConfigError(
            f"configuration: {'; '.join(problems)} (sections: {known}; "
            "`emporium run --help` lists the settings)") from error


def read_user_key(environment: Mapping[str, str] = os.environ) -> UserKey | None:
    """The key that user ids are hashed with; None where there is none.

    Raises:
        ConfigError: there is one that cannot be used.
    """
    text = environment.get(USER_KEY_VARIABLE, "").strip()
    try:
        return UserKey.parse(text) if text else None
    except UserKeyError as error:
        raise ConfigError(f"{USER_KEY_VARIABLE} in the environment: {error}") from error


def user_key_fingerprint() -> str:
    """What tells a pipeline that the key is another; "" without a key.

    Raises:
        ConfigError: there is a key that cannot be used.
    """
    key = read_user_key()
    return key.fingerprint if key else ""


def _problem(kind: str, location: Sequence[str | int], message: str, value: Any) -> str:
    """One of pydantic's errors in words."""
    name = ".".join(map(str, location))
    if kind != "extra_forbidden":
        return f"{name}: {message.removeprefix('Value error, ')}, received {value!r}"
    *section, leaf = map(str, location)
    fields = Config.model_fields
    if section:
        fields = getattr(fields[section[0]].annotation, "model_fields", {})
    close = difflib.get_close_matches(leaf, fields, n=1)
    meant = f", did you mean {'.'.join([*section, *close])}?" if close else ""
    return f"{name}: there is no such setting{meant}"


def _merge(tree: dict[str, Any], other: dict[str, Any]) -> None:
    for name, value in other.items():
        if isinstance(value, dict) and isinstance(tree.get(name), dict):
            _merge(tree[name], value)
        else:
            tree[name] = value


def _read_yaml(path: pathlib.Path) -> dict[str, Any]:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"configuration {path}: cannot be read as YAML: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(
            f"configuration {path}: expected a mapping of sections, received "
            f"{type(tree).__name__}")
    return tree
