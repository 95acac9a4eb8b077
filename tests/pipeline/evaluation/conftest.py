import pathlib

import pytest

from tests.pipeline.evaluation import toy_shop


@pytest.fixture(scope="session")
def good_model(tmp_path_factory) -> str:
    """A SavedModel that answers every query of the toy shop with the right product first."""
    folder: pathlib.Path = tmp_path_factory.mktemp("good")
    return toy_shop.save(toy_shop.ToyModel(toy_shop.catalogue()), folder)


@pytest.fixture(scope="session")
def bad_model(tmp_path_factory) -> str:
    """A SavedModel that ranks the other way round."""
    folder: pathlib.Path = tmp_path_factory.mktemp("bad")
    return toy_shop.save(toy_shop.ToyModel(toy_shop.catalogue(), reverse=True), folder)
