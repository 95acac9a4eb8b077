from pipeline.evaluation.provenance import data_hash, describe_code
from tests.pipeline.evaluation import toy_shop


def test_code_names_its_packages():
    packages = describe_code().packages
    assert {"python", "tensorflow", "numpy", "bm25s"} <= set(packages)


def test_the_hash_depends_on_the_data_and_not_on_its_order():
    contexts, products = toy_shop.search_contexts(), toy_shop.catalogue()
    reference = data_hash(contexts, products)
    assert data_hash(contexts[::-1], products) == reference
    assert data_hash(contexts[1:], products) != reference
    assert data_hash(contexts, toy_shop.catalogue(59)) != reference
