import numpy as np

from benchmarks.governance.labels import proxy

COLOURS = ("red", "blue", "green", "grey")


def vectors(texts):
    """A one where the text's colour stands among the colours, of products from the fourth on."""
    rows = np.full((len(texts), 8), 0.01, np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[COLOURS.index(text.split()[0]) + (4 if text.endswith("lamp") else 0)] = 1.0
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_what_is_judged_is_learned():
    # A product's colour tells nothing about the query's before somebody has judged some.
    products = [{"product_id": f"{c}{n}", "title": f"{c} {n} lamp"} for n in range(8)
                for c in COLOURS]
    judged = [
        {"query": f"{c} {n}", "product_id": f"{c}{n % 8}", "grade": 2.0, "split": "train"}
        for n in range(40) for c in COLOURS]
    test = [{"query": f"{c} x", "product_id": f"{c}{n}", "grade": 2.0}
            for c in COLOURS for n in range(8)]
    bench = proxy.Bench.of(products, [*test, {**test[0], "query": "grey y", "grade": 0}], vectors)
    assert bench.queries == [f"{c} x" for c in COLOURS]  # Nothing answers the last.
    learned = bench.measure(judged * 8, seed=1)
    assert learned > 0.9
    assert learned == bench.measure(judged * 8, seed=1)
    wrong = [
        {**row, "product_id": f"grey{row['product_id'][-1]}", "query": "red y"} for row in judged]
    assert bench.measure(wrong * 8, seed=1) < 0.7
