from pipeline.ingest.positions import describe_position, row_position


def test_positions_are_in_the_order_of_the_rows():
    places = [(0, 1), (0, 5_000_000), (1, 1), (2, 7)]
    positions = [row_position(*place) for place in places]
    assert positions == sorted(set(positions))


def test_a_person_counts_from_one():
    assert describe_position(row_position(0, 1234)) == "line 1,234"
    assert describe_position(row_position(2, 7)) == "line 7 of file 3"
