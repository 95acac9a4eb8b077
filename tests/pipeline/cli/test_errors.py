import ast
import importlib

import pytest

from pipeline.cli.errors import USER_ERRORS, root_cause, user_message
from pipeline.config import ConfigError
from pipeline.running.folder import RunFolderError
from tests.conftest import ROOT


def caught(raise_it) -> BaseException:
    with pytest.raises(Exception) as error:
        raise_it()
    return error.value


@pytest.mark.parametrize("name", sorted(USER_ERRORS))
def test_every_name_is_that_of_an_error(name):
    module, _, kind = name.rpartition(".")
    found = getattr(importlib.import_module(module), kind)
    assert issubclass(found, Exception)
    assert found.__module__ == module, "errors are known by where they are defined"
    assert user_message(found("told")) == "told"


STAY_INSIDE = {
    "ComponentError",  # Wraps what a component raised, which is looked at.
    "UnvalidatedError",  # A trial's, which is then not counted.
    "RejectedError", "ProcessDiedError",  # A row's and a request's: caught where they matter.
    "VocabularyError",  # Of the sample shop's own words.
    "TooFewProductsError",  # A small shop goes unjudged, which the log says.
    "UserKeyError",  # Told as a ConfigError, which names the variable.
    "_NotRefusedError",  # A request's, which is then answered.
}


def test_every_error_of_ours_is_told_or_stays_inside():
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for room in ("model", "pipeline", "serving")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error")}
    told = {name.rpartition(".")[2] for name in USER_ERRORS}

    def is_told(name):
        return name in told or any(map(is_told, bases.get(name, ())))

    assert {name for name in bases if not is_told(name)} == STAY_INSIDE


def test_an_error_of_the_users_is_told_as_it_is():
    assert user_message(ConfigError("seed: too small")) == "seed: too small"


def test_any_other_error_is_not_the_users():
    assert user_message(ValueError("a bug")) is None


def test_a_wrapped_error_is_found_without_beams_suffix():
    def wrapped():
        try:
            raise RunFolderError("out: taken [while running 'Read/ParDo(X)']")
        except RunFolderError as error:
            raise RuntimeError("component A failed") from error

    assert user_message(caught(wrapped)) == "out: taken"


def test_the_first_of_a_chain_is_the_root():
    def wrapped():
        try:
            raise KeyError("first\nsecond line")
        except KeyError as error:
            raise RuntimeError("later") from error

    assert root_cause(caught(wrapped)) == "KeyError: 'first\\nsecond line'"


def test_subclasses_count():
    class SpecialError(ConfigError):
        pass

    assert user_message(SpecialError("special")) == "special"
