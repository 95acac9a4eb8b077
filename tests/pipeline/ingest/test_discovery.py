import pytest

from pipeline.ingest.contract import DatasetError
from pipeline.ingest.discovery import discover_tables
from pipeline.ingest.files import list_table

PRODUCTS_CSV = "product_id,title\n1,Mug\n"


def make(folder, *names, text=PRODUCTS_CSV):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(folder)


def test_finds_files_shards_and_folders_in_the_contracts_order(tmp_path):
    make(tmp_path, "products.csv")
    make(tmp_path, "users/part-0.jsonl", "users/part-1.jsonl", "users/_SUCCESS", text="")
    make(tmp_path, "events-00000-of-00002.jsonl", "events-00001-of-00002.jsonl", text="")
    make(tmp_path, "holdout/judgments.jsonl", "README.md", text="")
    tables = discover_tables(str(tmp_path))
    assert list(tables.items()) == [
        ("products", "products.csv"), ("events", "events-*-of-*.jsonl"), ("users", "users/*.jsonl")]
    assert [file.name for file in list_table(str(tmp_path), "users", tables["users"])] == [
        "users/part-0.jsonl", "users/part-1.jsonl"]


def test_says_which_files_are_not_read(tmp_path, caplog):
    data = make(tmp_path, "products.csv", "products-old.csv", "events.txt", "notes.csv")
    discover_tables(data)
    assert [record.getMessage().split(" is ")[0] for record in caplog.records] == [
        "events.txt", "products-old.csv"]


@pytest.mark.parametrize("end", ["", "/", "/."])
def test_a_relative_folder_and_a_slash_at_its_end(tmp_path, monkeypatch, end):
    make(tmp_path / "shop", "products.csv")
    monkeypatch.chdir(tmp_path)
    assert discover_tables("shop" + end) == {"products": "products.csv"}


@pytest.mark.parametrize(("names", "message"), [
    ([], "the folder is empty or does not exist; a products table is needed"),
    (["events.jsonl", "product.csv"], r"no products table among its files \(events.jsonl, product"),
    (["products.csv", "products.jsonl"], "products: the table is in .* more than once"),
    (["products.csv", "products/part-0.csv"], "more than once"),
    (["products/part-0.csv", "products/part-1.jsonl"], "more than once"),
    (["products-00000-of-00003.csv", "products-00002-of-00003.csv"],
     r"products: shard 00001 of 00003 is missing \(1 in all"),
    (["products-00000-of-00001.csv", "products-00001-of-00002.csv"], "different sizes"),
    (["products.csv", "users/day=1/part-0.csv"], "users/day=1/part-0.csv: the file lies too deep"),
])
def test_refuses_a_folder(tmp_path, names, message):
    with pytest.raises(DatasetError, match=message):
        discover_tables(make(tmp_path, *names))


def test_refuses_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(DatasetError, match="is empty or does not exist"):
        discover_tables(str(tmp_path / "nothing"))


@pytest.mark.parametrize(("header", "message"), [
    ("id,title\n",
     "products.csv: the required column product_id is missing; the columns are: id, title"),
    ("product_id;title\n", r"product_id and title .*separated by commas"),
    ("", "the file is empty"),
    ("P1,Oak desk\n", r"the columns are: P1, Oak desk\. .* Is the header row missing\?$"),
])
def test_refuses_a_header(tmp_path, header, message):
    with pytest.raises(DatasetError, match=message):
        discover_tables(make(tmp_path, "products.csv", text=header))


@pytest.mark.parametrize(("text", "message"), [
    ("anna.meier@example.org,P1,view,red shoes\n",
     "events.csv: the required column user_id and product_id and event is missing; the columns "
     "are: 4 unknown (not shown). Rename the column in the export, or add it. Is the header row "
     "missing?"),
    ("user_id,anna.meier@example.org,event\n",
     "events.csv: the required column product_id is missing; the columns are: user_id, event, "
     "1 unknown (not shown). Rename the column in the export, or add it."),
    ("anna.meier@example.org;P1;view\n",
     "events.csv: the required column user_id and product_id and event is missing; the columns "
     "are: 1 unknown (not shown). Rename the column in the export, or add it. The columns should "
     "be separated by commas."),
    ("anna.meier@example.org,P1,1,1,anna.meier@example.org\n",
     "events.csv: the header names columns more than once: 2 unknown (not shown). Rename or "
     "remove one of each. Is the header row missing?"),
    ("user_id,user_id,event,event,anna,anna\n",
     "events.csv: the header names columns more than once: event, user_id, 1 unknown (not shown). "
     "Rename or remove one of each."),
])
def test_a_header_of_a_personal_table_shows_no_shopper(tmp_path, text, message):
    data = make(tmp_path, "products.csv")
    make(tmp_path, "events.csv", text=text)
    with pytest.raises(DatasetError) as caught:
        discover_tables(data)
    assert str(caught.value) == message


def test_looks_into_the_newest_span_and_version(tmp_path):
    make(tmp_path, "day-3/v2/products.csv")
    make(tmp_path, "day-20/v1/products.csv", "day-20/v2/products/part-0.csv")
    tables = discover_tables(f"{tmp_path}/day-{{SPAN}}/v{{VERSION}}")
    assert tables == {"products": "products/*.csv"}


def test_refuses_a_folder_without_spans(tmp_path):
    make(tmp_path, "monday/products.csv")
    with pytest.raises(DatasetError, match="no span with a products table"):
        discover_tables(f"{tmp_path}/day-{{SPAN}}")
