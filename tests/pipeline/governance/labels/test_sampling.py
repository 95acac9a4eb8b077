import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.governance.labels.sampling import Described, SampleQueries

ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30)


def describe(rows, first=0):
    position = np.arange(first, first + len(rows))
    query = np.array([query for query, _ in rows], np.int64)
    grade = np.array([grade for _, grade in rows], np.float32)
    return Described(position, query, grade, np.column_stack([query, grade]).astype(np.float32))


def parts_of(rows):
    """A part a query, as no query is ever in two."""
    described = describe(rows)
    return [
        described.take(np.flatnonzero(described.query == query))
        for query in np.unique(described.query)]


def sample(limit, *groups):
    combine = SampleQueries(limit)
    accumulators = []
    for group in groups:
        accumulator = combine.create_accumulator()
        for part in group:
            accumulator = combine.add_input(accumulator, part)
        accumulators.append(accumulator)
    return combine.extract_output(combine.merge_accumulators(accumulators))


@given(ROWS, st.integers(1, 30), st.randoms())
def test_the_sample_is_the_same_however_it_is_gathered(rows, limit, random):
    parts = parts_of(rows)
    whole = sample(limit, parts)
    random.shuffle(parts)
    cut = random.randint(0, len(parts))
    torn = sample(limit, parts[:cut], parts[cut:])
    for first, second in zip(whole, torn, strict=True):
        np.testing.assert_array_equal(first, second)


@given(ROWS, st.integers(1, 30))
def test_it_has_the_queries_with_the_lowest_hashes_whole(rows, limit):
    found = sample(limit, parts_of(rows))
    everything = describe(rows)
    assert len(found.query) <= limit
    below = found.query.max(initial=-1)
    assert len(found.query) == np.count_nonzero(everything.query <= below)
    if len(found.query) < len(rows):  # The next query would have been too much.
        following = everything.query[everything.query > below].min()
        assert np.count_nonzero(everything.query <= following) > limit


def test_nothing_is_no_sample():
    combine = SampleQueries(5)
    assert combine.extract_output(combine.create_accumulator()) is None
    assert combine.extract_output(combine.merge_accumulators([])) is None
