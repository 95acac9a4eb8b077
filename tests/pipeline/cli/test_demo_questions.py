import gzip

from pipeline.cli.demo_questions import read_questions
from pipeline.sample import generate


def test_questions_are_about_products_that_the_shop_has(tmp_path):
    generate(tmp_path, products=60, users=30)
    questions = read_questions(tmp_path)
    assert len(questions.query.split()) > 1
    assert len(questions.history) == 2
    assert all(product in questions.titles for product in questions.history)
    assert questions.title("gone") == "gone"


def test_rows_that_cannot_be_read_are_passed_over(tmp_path):
    (tmp_path / "products.jsonl").write_text(
        '{"product_id": "a", "ti\n{"product_id": "b"}\n{"product_id": "c", "title": "Sea"}\n'
        '{"product_id": "d", "title": "Dee"}\n')
    (tmp_path / "judgments.jsonl").write_text(
        '{"query": "train me", "split": "train"}\n{"query": "one", "split": "validation"}\n'
        '{"split": "validation"}\n{"query": "two words", "split": "validation"}\n')
    with gzip.open(tmp_path / "events-00000-of-00001.csv.gz", "wt") as file:
        file.write("user_id,product_id,event\nu,a,purchase\nu,c,view\nu,c,purchase\nbroken\n"
                   "u,c,purchase\nu,d,purchase\n")
    questions = read_questions(tmp_path)
    assert questions.query == "two words"
    assert questions.history == ("c", "d")
