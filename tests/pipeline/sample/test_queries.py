import collections

import numpy as np
import pytest

from pipeline.sample.intents import Head, grades
from pipeline.sample.queries import draw_queries, judged_products


@pytest.fixture(scope="module")
def queries(catalogue):
    return draw_queries(catalogue, seed=2)


def test_queries_differ_and_all_have_an_answer(queries, catalogue):
    assert len({query.text for query in queries}) == len(queries) > 650
    every = np.arange(len(catalogue))
    for query in queries[:200]:
        assert (grades(query.intent, catalogue, every) == 3).any(), query.text
        assert query.text == " ".join(query.text.lower().split())


def test_shoppers_mostly_use_words_of_their_own(queries, vocabulary):
    nouns = {name for kind in vocabulary.types for name in kind.names}
    own = collections.Counter(
        query.phrase in nouns for query in queries if query.intent.head is Head.TYPE)
    assert 0.4 < own[False] / own.total() < 0.6
    heads = collections.Counter(query.intent.head for query in queries)
    assert heads[Head.USE] > 40
    assert heads[Head.FAMILY] > 25


def test_validation_queries_share_their_phrase_with_a_train_query(queries):
    phrases = {query.phrase for query in queries if query.split == "train"}
    validation = [query for query in queries if query.split == "validation"]
    assert len(validation) == round(0.09 * len(queries))
    assert all(query.phrase in phrases for query in validation)


def test_judges_see_the_best_and_some_that_are_wrong(queries, catalogue):
    rng = np.random.default_rng(1)
    every = np.arange(len(catalogue))
    for query in [query for query in queries if query.split][:150]:
        products, grade = judged_products(query, catalogue, rng)
        truth = grades(query.intent, catalogue, every)
        assert len(set(products)) == len(products)
        np.testing.assert_array_equal(grade, truth[products])
        assert (grade == 0).any()
        best = np.sort(truth)[::-1][:10]
        np.testing.assert_array_equal(np.sort(grade)[::-1][:10], best[:len(grade)])
