import pytest

from tests.pipeline.evaluation import toy_shop


@pytest.fixture(scope="session")
def good_model(tmp_path_factory) -> str:
    """A SavedModel with all signatures of a served version."""
    return toy_shop.save(
        toy_shop.ToyModel(toy_shop.catalogue()), tmp_path_factory.mktemp("served"))
