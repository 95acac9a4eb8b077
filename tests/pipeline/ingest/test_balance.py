import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.balance import (
    Example,
    TableBalance,
    check_balance,
    format_balance,
    read_balance,
    write_balance,
)
from pipeline.ingest.contract import DatasetError


def table(rows_in, merged=0, columns=("product_id", "title"), **reasons):
    balance = TableBalance(rows_in=rows_in, merged=merged)
    for reason, count in reasons.items():
        for line in range(count):
            balance.quarantine(reason, Example("t.csv", line + 2, f"is {reason}"))
    balance.kept = rows_in - merged - balance.quarantined
    balance.columns.update(dict.fromkeys(columns, rows_in))
    return balance


def test_counts_add_up_and_the_first_example_stays():
    first, second = table(5, merged=1, bad_number=2), table(3, bad_number=1, unparseable=1)
    second.examples["bad_number"] = Example("s.csv", 9, "is bad")
    first.add(second)
    assert (first.rows_in, first.kept, first.merged, first.quarantined) == (8, 3, 1, 4)
    assert first.reasons == {"bad_number": 3, "unparseable": 1}
    assert first.examples == {
        "bad_number": Example("s.csv", 9, "is bad"),
        "unparseable": Example("t.csv", 2, "is unparseable")}


def test_remembers_the_contracts_columns_and_the_commonest_others():
    total = TableBalance()
    for number in range(300):
        total.add(TableBalance(columns=table(1, columns=(f"c{number}", "common")).columns))
    total.add(table(1, columns=("title",)))
    assert {"common", "title"} <= set(total.columns)
    assert len(total.columns) <= 201


_PARTS = st.lists(st.builds(
    table, rows_in=st.integers(10, 50), merged=st.integers(0, 3), bad_id=st.integers(0, 3),
    unparseable=st.integers(0, 3)), max_size=5)


@given(parts=_PARTS, data=st.data())
def test_the_order_of_the_parts_does_not_matter(parts, data):
    totals = []
    for order in (parts, data.draw(st.permutations(parts))):
        total = TableBalance()
        for part in order:
            total.add(copy.deepcopy(part))
        totals.append(total)
    assert totals[0] == totals[1]
    assert totals[0].rows_in == totals[0].kept + totals[0].merged + totals[0].quarantined


def test_comes_back_from_its_file(tmp_path):
    balance = {"products": table(9, merged=2, bad_number=3), "users": TableBalance(errors=["no"])}
    balance["products"].repairs["text_cut"] = 4
    write_balance(balance, str(tmp_path))
    assert read_balance(str(tmp_path)) == balance


def test_prints_the_sum_the_reasons_and_the_repairs():
    balance = {"products": table(1200, merged=2, bad_number=3), "events": table(5)}
    balance["products"].repairs["text_cut"] = 4
    assert format_balance(balance).splitlines() == [
        "table     rows in  =   kept  +  merged  +  quarantined",
        "products    1,200  =  1,195  +       2  +            3",
        "events          5  =      5  +       0  +            0",
        "  products: 3 bad_number: t.csv line 2: is bad_number",
        "  products: 4 values changed: text_cut"]


def test_good_data_passes():
    check_balance({
        "products": table(10, bad_number=5), "events": TableBalance()}, 0.5)


@pytest.mark.parametrize(("balance", "message"), [
    ({"products": table(10, bad_number=6)},
     r"products: 6 of 10 rows \(60%\) cannot be used, more than the 50% that "
     r"ingest.max_quarantine_fraction allows. 6 bad_number, as t.csv line 2: is bad_number\."),
    ({"products": table(3, columns=("id", "title"), missing_value=3)},
     "products, every row: the required column product_id is missing; the columns are: id, title"),
    ({"products": table(3), "users": table(3, columns=("Anna", "profile"), missing_value=3)},
     r"users, every row: the required column user_id .* are: profile, 1 unknown \(not shown\)\. "),
    ({"products": TableBalance()}, "products: the table has no row"),
    ({"products": table(2), "events": TableBalance(errors=[f"e{i}.gz is bad." for i in range(5)])},
     r"e0.gz is bad. e1.gz is bad. e2.gz is bad. \(2 more like it.\)"),
])
def test_bad_data_is_refused(balance, message):
    with pytest.raises(DatasetError, match=message):
        check_balance(balance, 0.5)
