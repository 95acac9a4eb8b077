"""From towers and vectors to a SavedModel that plain TensorFlow loads."""

import dataclasses
import json

import httpx
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorboard import program
from tensorboard.plugins import projector as tensorboard_projector
from tensorflow_serving.apis import prediction_log_pb2

from model import exporting, trainer
from model.fusion import prior_weights
from model.hybrid import Behaviour, Hybrid
from model.lexical import Field, LexicalIndex
from model.presets import load_preset
from model.product_ids import ProductIds
from model.settings import Text, Training
from model.signatures import Servable
from model.text_encoder import TextEncoder
from pipeline.config import MODEL_NAME, Index
from pipeline.evaluation.data import Context
from pipeline.examples.sequences import Sequence
from pipeline.indexing import embed, projector, servable
from pipeline.indexing.behaviour import count_behaviour
from pipeline.indexing.search import build_index
from pipeline.indexing.weighing import KindReport
from pipeline.serving_validation import probe
from pipeline.serving_validation.cases import build_cases


def test_vectors_come_back_in_the_order_of_their_numbers():
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    records = [embed.write_vector((n, rows[n])) for n in (2, 0, 1)]
    np.testing.assert_array_equal(embed.read_vectors(records, 3), rows)


def test_a_product_without_a_vector_is_an_error():
    record = embed.write_vector((1, np.zeros(2, np.float32)))
    with pytest.raises(ValueError, match="Received 1 of 3"):
        embed.read_vectors([record], 3)


def _servable(folder, embedding, ids, titles, vectors, index, settings):
    """With p3 as what is popular, and p5 before validation began.

    Three are wanted, so that what borrows from two of them is less popular than the first.
    """
    def behaviour(*popular):
        wants = [Sequence((product,), (0,), (), 0) for product in popular]
        return Behaviour(count_behaviour(wants, ids, vectors, {}))

    known = ProductIds(ids, {"p7b": "p7", "gone": "p999"}, folder / "ids.txt")
    hybrid = Hybrid(
        tf.Variable(vectors, trainable=False), index.search, index.state,
        LexicalIndex([Field(titles, 1.0)], len(ids)), settings.arms,
        prior_weights(settings.arms), settings.top_k)
    return Servable(
        embedding, known, hybrid, behaviour("p3", "p3", "p5", "p9"),
        behaviour("p5", "p5", "p3", "p9"))


def test_towers_and_scann_index_leave_as_one_savedmodel(tmp_path):
    preset, ids = load_preset("tiny"), [f"p{n}" for n in range(200)]
    titles = [f"usb cable {n}" for n in range(200)]
    encoder = TextEncoder(preset)
    model = trainer._context_model(
        Training(), np.zeros((200, 128), "f4"), np.zeros(200, bool), np.zeros(200, "f4"))
    towers = str(tmp_path / "towers")
    exporting.export_towers(encoder, model, preset, Text(preset="tiny"), towers)
    embedding = tf.saved_model.load(towers)
    vectors = embedding.embed_product_text(tf.constant(titles)).numpy()
    settings = Index(kind="scann", min_recall=0.5, top_k=20)
    index = build_index(vectors, settings, vectors[:50])
    module = _servable(tmp_path, embedding, ids, titles, vectors, index, settings)
    folder = str(tmp_path / "servable")
    servable.save_servable(module, index, folder)
    servable.write_description(
        folder, module, index, {
            "query": KindReport(60, 70, 60, True, {"dense": 9.5}, {"fused": 0.25})})
    servable.write_warmup(folder, titles, ids, requests=3)

    loaded = tf.saved_model.load(folder)
    answer = loaded.signatures["search"](query=tf.constant(["usb cable 7", ""]))
    assert answer["product_id"].shape == (2, 20)
    assert answer["product_id"][0, 0].numpy() == b"p7"  # the one title with the number
    assert answer["product_id"][1, 0].numpy() == b"p3"  # nothing asked: the popular one
    similar = loaded.signatures["similar"](product_id=tf.constant(["p7", "p7b"]))["product_id"]
    np.testing.assert_array_equal(similar[0], similar[1])
    assert not {b"p7", b"p7b", b"gone"} & set(similar.numpy().ravel())
    before = loaded.signatures["backtest_search"](query=tf.constant([""]))
    assert before["product_id"][0, 0].numpy() == b"p5"
    shoppers = [Context("recommend", "", "", ("p1", "p2"), {}, (), ("view", "cart"), (3.5, 0.0))]
    for case in build_cases(shoppers):
        if case.signature == "recommend_events":  # on real towers: toys read no ages
            asked = dataclasses.asdict(case)
            assert not list(probe.ranking_failures(asked, probe.ask(loaded, asked), frozenset(ids)))
    description = json.loads((tmp_path / "servable" / servable.DESCRIPTION_FILE).read_text())
    assert (description["index"], description["products"]) == ("scann", 200)
    assert description["top_k"] == 20
    assert description["arms"] == ["collaborative", "dense", "lexical", "popularity"]
    assert description["fusion"] == {"query": {
        "tuned": 60, "judged": 70, "both": 60, "learned": True, "weights": {"dense": 9.5},
        "ndcg": {"fused": 0.25}}}
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(tmp_path / "servable" / servable.WARMUP_FILE))]
    assert len(logs) == 3 * 6
    for log in logs:  # every recorded request is one that the signatures answer
        request = log.predict_log.request
        assert request.model_spec.name == MODEL_NAME
        loaded.signatures[request.model_spec.signature_name](
            **{name: tf.constant(tf.make_ndarray(value))
               for name, value in request.inputs.items()})


def test_the_projector_reads_what_is_written(tmp_path):
    projector.write_projector(
        str(tmp_path), np.eye(2, dtype="f4"), ["usb\tcable", "tea"], ["1", "2"], ["A > B", ""])
    config = text_format.Parse(
        (tmp_path / "projector_config.pbtxt").read_text(),
        tensorboard_projector.ProjectorConfig())
    embedding = config.embeddings[0]
    rows = (tmp_path / embedding.tensor_path).read_text().splitlines()
    labels = (tmp_path / embedding.metadata_path).read_text().splitlines()
    assert [len(row.split("\t")) for row in rows] == [2, 2]
    assert labels == ["title\tproduct_id\tcategory", "usb cable\t1\tA > B", "tea\t2\t"]


def test_tensorboard_shows_the_projector(tmp_path):
    with tf.summary.create_file_writer(str(tmp_path / "today" / "text")).as_default(step=0):
        tf.summary.scalar("loss", 1.0)
    projector.write_projector(
        str(tmp_path), np.eye(2, dtype="f4"), ["usb", "tea"], ["1", "2"], ["", ""])
    board = program.TensorBoard()
    board.configure(argv=["tensorboard", "--logdir", str(tmp_path), "--port", "0"])
    site = board.launch().rstrip("/") + "/data/plugin/projector/"
    [run] = httpx.get(f"{site}runs").json()
    [embedding] = httpx.get(f"{site}info", params={"run": run}).json()["embeddings"]
    assert embedding["tensorShape"] == [2, 2]
    labels = httpx.get(f"{site}metadata", params={"run": run, "name": embedding["tensorName"]})
    assert labels.text.splitlines()[1:] == ["usb\t1\t", "tea\t2\t"]
