"""A shop whose raters know what they are doing, mostly."""

import random

from pipeline.ingest.rows import encode_row

THINGS = ("lamp", "door", "nail", "drill", "hose", "sink", "rug", "fan")
KINDS = ("red", "blue", "steel", "oak")
QUERIES = 64
JUDGED = 18


def make_shop(share_wrong=0.1, seed=0):
    """Tables of serialized rows, and the positions of the judgements that are wrong.

    A product that is the thing and the kind asked for has grade 3, one of another kind 1 or 2, and
    another thing 0.
    """
    chance = random.Random(seed)
    products = {
        f"{kind}-{thing}-{n}": (kind, thing)
        for kind in KINDS for thing in THINGS for n in range(10)}
    judgments, wrong = [], set()
    for number in range(QUERIES):
        kind, thing = KINDS[number % 4], THINGS[number // 4 % 8]
        for product_id in chance.sample(sorted(products), JUDGED // 2) + chance.sample(
                [p for p, (_, other) in products.items() if other == thing], JUDGED // 2):
            if products[product_id][1] != thing:
                grade = 0
            else:
                grade = 3 if products[product_id][0] == kind else chance.choice((1, 2))
            if chance.random() < share_wrong:
                wrong.add(len(judgments))
                grade = 3 - grade
            judgments.append({
                "query": f"{kind} {thing}  {number}", "product_id": product_id,
                "grade": float(grade), "position": len(judgments)})
    rows = [
        {"product_id": product_id, "title": f"{kind.title()} {thing}", "brand": "Acme"}
        for product_id, (kind, thing) in products.items()]
    return {
        "products": list(map(encode_row, rows)),
        "judgments": list(map(encode_row, judgments))}, wrong
