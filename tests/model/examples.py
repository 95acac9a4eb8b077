"""A handful of transformed examples on disk, as tf.Transform leaves them."""

import numpy as np
import tensorflow as tf

PRODUCTS = 40
TOPICS = 4
"""Products 0, 4, 8 ... share their words and their shoppers; so do 1, 5, 9 ..."""


def topic_tokens(topic, generator):
    """[CLS], three words of the topic, [SEP]."""
    words = 3000 + 10 * topic + generator.choice(10, 3, replace=False)
    return [101, *words.tolist(), 102]


def example(
    *, kind, product, product_tokens, query=(), history=(), events=None, ages=None, positives=(),
    negatives=(), weight=1.0,
):
    """One serialized transformed example; negatives are (product, grade).

    Events and ages that are not given are unknown.
    """
    def ints(values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def reals(values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    return tf.train.Example(features=tf.train.Features(feature={
        "kind": ints([kind]), "query_tokens": ints(query), "profile_tokens": ints([]),
        "product_tokens": ints(product_tokens), "product": ints([product]),
        "history": ints(history), "history_event": ints(events or [0] * len(history)),
        "history_age": reals(ages or [-1.0] * len(history)),
        "positives": ints(positives or [product]),
        "negatives": ints([product for product, _ in negatives]),
        "negative_grades": reals([grade for _, grade in negatives]),
        "weight": reals([weight]), "sampling_probability": reals([1.0 / PRODUCTS]),
    })).SerializeToString()


def write(folder, records):
    """Writes one gzipped shard."""
    folder.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(folder / "part-0.gz"), "GZIP") as writer:
        for record in records:
            writer.write(record)


def write_shop(folder, *, searches=200, histories=200, validated=True):
    """Splits train, eval (empty unless validated) and catalogue of a shop with four topics."""
    generator = np.random.default_rng(0)
    texts = [topic_tokens(p % TOPICS, generator) for p in range(PRODUCTS)]

    def search():
        product = int(generator.integers(PRODUCTS))
        # Raters gave half a grade within the topic, nothing to the next topic.
        other, unlike = (product + TOPICS) % PRODUCTS, (product + 1) % PRODUCTS
        return example(
            kind=0, product=product, product_tokens=texts[product],
            query=topic_tokens(product % TOPICS, generator),
            negatives=[(other, 0.5), (unlike, 0.0)] if product % 2 else ())

    def recommend():
        topic = int(generator.integers(TOPICS))
        some = generator.permutation(np.arange(topic, PRODUCTS, TOPICS))[:4].tolist()
        return example(
            kind=1, product=some[-1], product_tokens=texts[some[-1]], history=some[:-1],
            events=[1, 4, 2], ages=[9.0, 1.5, 0.0], positives=some)

    for split, share in (("train", 1.0), ("eval", 0.2 if validated else 0.0)):
        records = [search() for _ in range(int(searches * share))]
        records += [recommend() for _ in range(int(histories * share))]
        write(folder / f"Split-{split}", records)
    write(folder / "Split-catalogue", [
        example(kind=2, product=p, product_tokens=texts[p]) for p in reversed(range(PRODUCTS))])
    assets = folder / "transform_fn" / "assets"
    assets.mkdir(parents=True)
    (assets / "product_id").write_text("".join(f"p{p}\n" for p in range(PRODUCTS)))
    return texts


def patterns(shop, split):
    """File patterns of a split of the fixture `shop`."""
    return [str(shop[0] / f"Split-{split}" / "*")]
