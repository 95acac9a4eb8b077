"""A catalogue to draw from, and a shop of the default size on disk."""

import pathlib
from typing import NamedTuple

import pytest

from pipeline.sample import Summary, generate
from pipeline.sample.catalogue import Catalogue, draw_catalogue
from pipeline.sample.vocabulary import Vocabulary, load_vocabulary


class Shop(NamedTuple):
    folder: pathlib.Path
    summary: Summary
    seed: int


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return load_vocabulary()


@pytest.fixture(scope="session")
def catalogue(vocabulary) -> Catalogue:
    return draw_catalogue(vocabulary, 600, seed=3)


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Shop:
    folder = tmp_path_factory.mktemp("shop")
    return Shop(folder, generate(folder, seed=4), 4)
