"""What is latent in the shop can be learned, and easy baselines leave room for that.

The learner here is a table of which words of queries go with which words of products; a model with
language knowledge does better. `pytest -s` shows the numbers.
"""

import collections
import csv
import gzip
import json

import bm25s
import numpy as np
import pytest
import Stemmer

from pipeline.cjk import with_pairs
from pipeline.sample.catalogue import draw_catalogue
from pipeline.sample.events import affinity, split_quota
from pipeline.sample.generator import split_shoppers
from pipeline.sample.intents import grades
from pipeline.sample.queries import draw_queries
from pipeline.sample.randomness import stream
from pipeline.sample.shoppers import draw_shoppers

WANTED = ("view", "click", "cart", "purchase")


def _json_rows(path):
    for line in path.open(encoding="utf-8"):
        try:
            yield json.loads(line)
        except ValueError:
            continue


@pytest.fixture(scope="module")
def products(shop):
    """Titles and the like by product id, of the rows that are usable: P..., the first of each."""
    rows = {}
    for row in _json_rows(shop.folder / "products.jsonl"):
        if row["product_id"].startswith("P"):
            rows.setdefault(row["product_id"], row)
    return rows


@pytest.fixture(scope="module")
def judged(shop, products):
    """Grades by split, query and product id."""
    splits = {"train": collections.defaultdict(dict), "validation": collections.defaultdict(dict)}
    for row in _json_rows(shop.folder / "judgments.jsonl"):
        if row.get("query") and row["product_id"] in products and isinstance(row["grade"], int):
            splits[row["split"]][row["query"]][row["product_id"]] = row["grade"]
    return splits


@pytest.fixture(scope="module")
def wanted(shop, products):
    """Usable events that show interest, in the order of time."""
    rows = []
    for path in sorted(shop.folder.glob("events-*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows += [
                row for row in csv.DictReader(file)
                if row["user_id"] and row["event"] in WANTED and row["product_id"] in products
                and row["timestamp"].endswith("Z") and not row["value"].startswith("-")]
    return sorted(rows, key=lambda row: row["timestamp"])


def _texts(products):
    return [
        " ".join((row["title"], row.get("description", ""), row.get("brand", ""), row["category"]))
        for row in products.values()]


def _ndcg(order, gains, k=10):
    def dcg(values):
        return sum((2.0 ** g - 1) / np.log2(rank + 2) for rank, g in enumerate(values[:k]))
    return dcg([gains.get(p, 0) for p in order[:k]]) / dcg(sorted(gains.values(), reverse=True))


def _search_ndcg(scores, queries, judged, products):
    ids = list(products)
    orders = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    return np.mean([
        _ndcg([ids[p] for p in order], judged[query])
        for query, order in zip(queries, orders, strict=True)])


def _bm25(products, queries):
    stemmer = Stemmer.Stemmer("english")

    def tokens(texts):
        return bm25s.tokenize(
            [with_pairs(text) for text in texts], stopwords="en", stemmer=stemmer,
            show_progress=False, return_ids=False)
    index = bm25s.BM25(k1=1.2, b=0.75)
    index.index(tokens(_texts(products)), show_progress=False)
    return np.array([index.get_scores(words) for words in tokens(queries)])


def _words(text):
    return with_pairs(text.lower()).split()


def _word_sets(texts):
    """Which words are in which text: `[texts, words]`."""
    number = {}
    rows = [[number.setdefault(w, len(number)) for w in set(_words(t))] for t in texts]
    matrix = np.zeros((len(rows), len(number)), dtype=np.float32)
    for row, words in enumerate(rows):
        matrix[row, words] = 1
    return matrix


def _translated(products, pairs, queries):
    """Scores by the words of products that the words of each query were seen with."""
    place = {p: n for n, p in enumerate(products)}
    documents = _word_sets(_texts(products))
    documents *= np.log(len(documents) / documents.sum(axis=0))
    number = {}
    cells = [(number.setdefault(word, len(number)), place[p])
             for query, p in pairs for word in _words(query)]
    met = np.zeros((len(number), len(place)), dtype=np.float32)
    np.add.at(met, tuple(np.transpose(cells)), 1)
    seen = met @ documents / (met.sum(axis=1, keepdims=True) + 1) - documents.mean(axis=0)
    scores = []
    for query in queries:
        known = [number[w] for w in _words(query) if w in number]
        scores.append(documents @ seen[known].sum(axis=0))
    return np.array(scores)


def test_search_needs_more_than_word_overlap(shop, vocabulary, products, judged, wanted):
    queries = list(judged["validation"])
    grade = judged["validation"]
    counts = collections.Counter(row["product_id"] for row in wanted)
    popular = np.tile([counts[p] for p in products], (len(queries), 1))
    catalogue = draw_catalogue(vocabulary, len(products), shop.seed)
    meant = {query.text: query for query in draw_queries(catalogue, shop.seed)}
    truth = np.array([
        grades(meant[query].intent, catalogue, np.arange(len(catalogue))) for query in queries])
    pairs = [(row["query"], row["product_id"]) for row in wanted if row["query"]]
    pairs += [(q, p) for q, of in judged["train"].items() for p, g in of.items() if g >= 2] * 3
    words = _bm25(products, queries)
    learned = _translated(products, pairs, queries)
    both = words / words.std() + learned / learned.std()
    ndcg = {
        name: _search_ndcg(scores, queries, grade, products) for name, scores in (
            ("popular", popular), ("bm25", words), ("learned", both), ("truth", truth))}
    print(ndcg)
    assert ndcg["truth"] > 0.98
    assert ndcg["popular"] < 0.05
    assert 0.3 < ndcg["bm25"] < 0.6
    assert ndcg["learned"] > ndcg["bm25"] + 0.08


def test_no_validation_query_is_given_away(judged, wanted):
    validation = set(judged["validation"])
    assert len(validation) > 150
    assert not validation & set(judged["train"])
    assert not validation & {row["query"] for row in wanted}


def _recall(scores, seen, targets, k=10):
    top = np.argsort(-np.where(seen > 0, -np.inf, scores), axis=1, kind="stable")[:, :k]
    return (top == targets[:, None]).any(axis=1).mean()


def test_recommendation_needs_more_than_popularity(shop, vocabulary, products, wanted):
    """Leave the last product of each shopper out, and find it among all."""
    histories = collections.defaultdict(dict)
    for row in wanted:
        histories[row["user_id"]].setdefault(row["product_id"])
    place = {p: n for n, p in enumerate(products)}
    rows = {u: [place[p] for p in h] for u, h in histories.items() if len(h) >= 3}
    targets = np.array([row[-1] for row in rows.values()])
    seen = np.zeros((len(rows), len(products)))
    recent = np.zeros_like(seen)
    for number, row in enumerate(rows.values()):
        seen[number, row[:-1]] = 1
        recent[number, row[:-1]] = 0.8 ** np.arange(len(row) - 1)[::-1]
    popularity = seen.sum(axis=0)
    together = seen.T @ seen
    np.fill_diagonal(together, 0)
    near = together / (np.sqrt(np.outer(popularity, popularity)) + 5)
    recall = {
        "popular": _recall(np.tile(popularity, (len(rows), 1)), seen, targets),
        "item-kNN": _recall(seen @ near, seen, targets),
        "item-kNN, recency": _recall(recent @ near, seen, targets),
        "truth": _recall(_true_scores(shop, vocabulary, rows, products), seen, targets)}
    print(recall)
    assert recall["popular"] < 0.06
    assert recall["popular"] + 0.15 < recall["item-kNN"] < recall["truth"] - 0.15
    assert recall["item-kNN, recency"] < recall["truth"] - 0.1


def _true_scores(shop, words, rows, products):
    """Of who knows tastes and what goes together, `[shoppers, products]`: the last type again, what
    goes with it, or what the shopper likes; within a type, by the shopper's preference."""
    catalogue = draw_catalogue(words, len(products), shop.seed)
    blocks = split_shoppers(split_quota(35_000, 1_000, stream(shop.seed, "quotas")))
    follows = np.zeros((len(words.types), len(words.types)))
    for number, kind in enumerate(words.types):
        follows[number, list(kind.goes_with)] = 1 / len(kind.goes_with)
    order = np.array([int(p[1:]) - 1 for p in products])
    scores = {}
    for shard, members in enumerate(blocks):
        shoppers = draw_shoppers(catalogue, members.start, len(members), shop.seed, shard)
        for number in range(len(members)):
            row = rows.get(str(shoppers.user_id(number)))
            if row is None:
                continue
            last = catalogue.kind[order[row[-2]]]
            kinds = 0.15 * follows[last] + 0.15 * shoppers.taste[number]
            kinds[last] += 0.7
            weight = np.exp(affinity(
                shoppers, np.array([number]), catalogue, np.arange(len(catalogue)))[0])
            share = weight / np.bincount(catalogue.kind, weight, len(kinds))[catalogue.kind]
            scores[str(shoppers.user_id(number))] = (kinds[catalogue.kind] * share)[order]
    return np.array([scores[user] for user in rows])
