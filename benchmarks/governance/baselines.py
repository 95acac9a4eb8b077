"""What finds noise in products without the judge: rules, and cleanlab."""

from __future__ import annotations

import collections
from collections.abc import Iterator, Sequence

import numpy as np
from cleanlab.filter import find_label_issues
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from pipeline.governance.judge.brands import fold_brand
from pipeline.governance.judge.texts import attribute_tokens, text_tokens
from pipeline.governance.rules.texts import find_broken_texts
from pipeline.ingest.rows import Row

Found = dict[str, str]
"""What was found, by product id: the name of a rule, the first that applies."""

_FARTHEST = 3.0
"""Of prices from the median of their kind, in robust standard deviations of the logarithm."""

_FEWEST = 5
"""Products of a label that cleanlab is asked about: one a fold."""


def by_mojibake(rows: Sequence[Row]) -> Found:
    """The rule for broken encodings."""
    return {
        row["product_id"]: "mojibake" for row in rows
        if any(finding.rule == "mojibake" for finding in find_broken_texts("products", row))}


def by_rules(rows: Sequence[Row]) -> Found:
    """The rules that one would write for these kinds of noise.

    There is none for cut titles: that a title ends with the beginning of a word of the description
    is right of one in eleven on chorus.
    """
    found: Found = {}
    for part in (
            by_mojibake(rows), dict(_other_brands(rows)), dict(_far_prices(rows)),
            dict(_alone_titles(rows))):
        found = {**part, **found}
    return found


def by_cleanlab(rows: Sequence[Row]) -> Found:
    """Confident learning of brands and categories, on tf-idf and logistic regression."""
    vectors = _vectors(rows)
    found: Found = {}
    for column, rule in (("brand", "wrong_brand"), ("category", "wrong_category")):
        counts = collections.Counter(row[column] for row in rows if row.get(column))
        places = [
            place for place, row in enumerate(rows) if counts[row.get(column, "")] >= _FEWEST]
        names, labels = np.unique([rows[place][column] for place in places], return_inverse=True)
        if len(names) < 2:
            continue
        probabilities = cross_val_predict(
            LogisticRegression(max_iter=100), vectors[places], labels, method="predict_proba",
            cv=StratifiedKFold(5, shuffle=True, random_state=0))
        wrong = find_label_issues(labels, probabilities, n_jobs=1)
        for place, is_wrong in zip(places, wrong, strict=True):
            if is_wrong:
                found.setdefault(rows[place]["product_id"], rule)
    return found


def _other_brands(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Titles that begin with a brand of the shop and lack the product's own."""
    brands = {fold_brand(row.get("brand", "")) for row in rows} - {""}
    for row in rows:
        own, title = fold_brand(row.get("brand", "")), text_tokens(row["title"])
        begins = any(" ".join(title[:length]) in brands for length in (1, 2, 3))
        if own and begins and f" {own} " not in f" {' '.join(title)} ":
            yield row["product_id"], "wrong_brand"


def _far_prices(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Prices far from those of the same category, or the same brand where there is none."""
    prices: dict[str, list[float]] = collections.defaultdict(list)
    for row in rows:
        if row.get("price"):
            prices[_kind(row)].append(np.log(row["price"]))
    centres = {kind: (np.median(logs), _spread(logs)) for kind, logs in prices.items()}
    for row in rows:
        if row.get("price"):
            centre, spread = centres[_kind(row)]
            if abs(np.log(row["price"]) - centre) > _FARTHEST * spread:
                yield row["product_id"], "price_outlier"


def _kind(row: Row) -> str:
    return row.get("category") or f"brand {row.get('brand', '')}"


def _spread(logs: list[float]) -> float:
    """Standard deviation by the median absolute deviation; never less than a tenth."""
    return max(0.1, 1.4826 * float(np.median(np.abs(np.array(logs) - np.median(logs)))))


def _alone_titles(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Titles that share no word with brand, description and attributes."""
    for row in rows:
        rest = {*text_tokens(row.get("brand", "")), *text_tokens(row.get("description", "")),
                *attribute_tokens(row)}
        if rest and not rest & set(text_tokens(row["title"])):
            yield row["product_id"], "title_mismatch"


def _vectors(rows: Sequence[Row]) -> np.ndarray:
    tokens = [
        [*text_tokens(row["title"]), *text_tokens(row.get("description", "")),
         *attribute_tokens(row)] for row in rows]
    sparse = TfidfVectorizer(
        analyzer=list, min_df=3, max_features=50_000, sublinear_tf=True).fit_transform(tokens)
    return TruncatedSVD(min(200, sparse.shape[1] - 1), random_state=0).fit_transform(sparse)
