"""A catalogue to draw from, and a shop of the default size on disk, in each language."""

import pathlib
from typing import NamedTuple

import pytest

from pipeline.sample import Summary, generate
from pipeline.sample.catalogue import Catalogue, draw_catalogue
from pipeline.sample.vocabulary import LANGUAGES, Vocabulary, load_vocabulary


class Shop(NamedTuple):
    folder: pathlib.Path
    summary: Summary
    seed: int
    language: str


@pytest.fixture(scope="session", params=sorted(LANGUAGES))
def language(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def vocabulary(language) -> Vocabulary:
    return load_vocabulary(LANGUAGES[language])


@pytest.fixture(scope="session")
def catalogue(vocabulary) -> Catalogue:
    return draw_catalogue(vocabulary, 600, seed=3)


@pytest.fixture(scope="session")
def shop(tmp_path_factory, language) -> Shop:
    folder = tmp_path_factory.mktemp(f"shop-{language}")
    return Shop(folder, generate(folder, seed=4, language=language), 4, language)
