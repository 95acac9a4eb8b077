"""A shop of thirty searches and fifty histories."""

import pytest

from tests.model import examples


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """Folder of its examples, and the tokens of its products."""
    folder = tmp_path_factory.mktemp("shop") / "data"
    return folder, examples.write_shop(folder, searches=30, histories=50)
