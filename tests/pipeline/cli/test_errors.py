import pytest

from pipeline.cli.errors import root_cause, user_message
from pipeline.config import ConfigError
from pipeline.running.folder import RunFolderError


def caught(raise_it) -> BaseException:
    with pytest.raises(Exception) as error:
        raise_it()
    return error.value


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
