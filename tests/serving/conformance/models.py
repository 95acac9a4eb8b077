"""The models of the conformance suite, exported for any server of TensorFlow Serving's protocol.

    python -m tests.serving.conformance.models DIR

writes DIR/NAME/serving/123 for every model, with DIR/models.config that names them all and the
other configuration files that a server takes.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable, Mapping

import tensorflow as tf
import tensorflow.compat.v1 as tf1

VERSION = 123
PREDICT = tf.saved_model.PREDICT_METHOD_NAME
CLASSIFY = tf.saved_model.CLASSIFY_METHOD_NAME
REGRESS = tf.saved_model.REGRESS_METHOD_NAME

# Types that a signature `echo_TYPE` takes and gives back.
ECHOED = (
    "bool", "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "string", "complex64", "complex128")


def export_all(root: pathlib.Path) -> None:
    """Exports every model and writes the configuration files."""
    for name, export in EXPORTS.items():
        export(base_path(root, name) / str(VERSION))
    (root / "models.config").write_text(model_config(root, EXPORTS))
    (root / "bad.config").write_text("improperly formatted file")
    (root / "monitoring.config").write_text(
        'prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }\n')
    (root / "batching.config").write_text(
        "max_batch_size { value: 128 }\nbatch_timeout_micros { value: 1000 }\n"
        "max_enqueued_batches { value: 1000 }\nnum_batch_threads { value: 2 }\n")


def base_path(root: pathlib.Path, name: str) -> pathlib.Path:
    """The folder of a model's versions."""
    return root / name / "serving"


def model_config(root: pathlib.Path, names: Mapping[str, object] | tuple[str, ...]) -> str:
    """A ModelServerConfig in text form."""
    entries = "".join(
        f'  config {{\n    name: "{name}"\n    base_path: "{base_path(root, name)}"\n'
        '    model_platform: "tensorflow"\n  }\n' for name in names)
    return f"model_config_list {{\n{entries}}}\n"


def _save_graph(path: pathlib.Path, signatures: Callable[[], dict]) -> None:
    """Saves a graph as TensorFlow 1 did, whose signatures are any tensors of one graph."""
    with tf1.Graph().as_default(), tf1.Session() as session:
        definitions = signatures()
        session.run(tf1.global_variables_initializer())
        builder = tf1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(
            session, [tf.saved_model.SERVING], signature_def_map=definitions)
        builder.save()


def _definition(inputs: dict, outputs: dict, method_name: str):
    info = tf1.saved_model.build_tensor_info
    return tf1.saved_model.build_signature_def(
        {name: info(tensor) for name, tensor in inputs.items()},
        {name: info(tensor) for name, tensor in outputs.items()}, method_name)


def _linear(offset: float) -> Callable[[], dict]:
    """Signatures of x / 2 + offset."""
    def signatures() -> dict:
        half, plus = tf1.Variable(0.5, name="a"), tf1.Variable(offset, name="b")
        x = tf1.placeholder(tf.float32, [None], name="x")
        y = tf.add(half * x, plus, name="y")
        examples = tf1.placeholder(tf.string, [None], name="tf_example")
        parsed = tf1.parse_example(examples, {
            "x": tf1.FixedLenFeature([1], tf.float32),
            "x2": tf1.FixedLenFeature([1], tf.float32, default_value=[0.0])})
        from_x = tf.add(half * parsed["x"], plus, name="from_x")
        from_x2 = tf.add(half * parsed["x2"][:, 0], plus, name="from_x2")
        inputs = {"inputs": examples}
        return {
            "serving_default": _definition({"x": x}, {"y": y}, PREDICT),
            "classify_x_to_y": _definition(inputs, {"scores": from_x}, CLASSIFY),
            "regress_x_to_y": _definition(inputs, {"outputs": from_x}, REGRESS),
            "regress_x2_to_y2": _definition(inputs, {"outputs": from_x2}, REGRESS),
        }
    return signatures


def _forms() -> dict:
    """Signatures of every form that the protocol allows, and of some that it does not."""
    examples = tf1.placeholder(tf.string, [None], name="examples")
    parsed = tf1.parse_example(examples, {
        "word": tf1.FixedLenFeature([], tf.string, default_value=""),
        "weight": tf1.FixedLenFeature([2], tf.float32, default_value=[1.0, 2.0])})
    classes = tf.stack([parsed["word"], tf.fill(tf.shape(parsed["word"]), "other")], axis=1)
    scores = tf.identity(parsed["weight"], name="scores")
    text = tf1.placeholder(tf.string, [None], name="text")
    matrix = tf1.placeholder(tf.float32, [None, 2], name="matrix")
    scalar = tf1.placeholder(tf.int32, [], name="scalar")
    a, b = (tf1.placeholder(tf.float32, [None], name=name) for name in "ab")
    inputs = {"inputs": examples}
    signatures = {
        "classify_both": _definition(inputs, {"classes": classes, "scores": scores}, CLASSIFY),
        "classify_classes": _definition(inputs, {"classes": classes}, CLASSIFY),
        "classify_nothing": _definition(inputs, {"other": scores}, CLASSIFY),
        "classify_other_input": _definition({"text": examples}, {"scores": scores}, CLASSIFY),
        "classify_vector": _definition(inputs, {"scores": scores[:, 0]}, CLASSIFY),
        "classify_wide": _definition(
            inputs, {"classes": classes, "scores": scores[:, :1]}, CLASSIFY),
        "classify_numbers": _definition(inputs, {"classes": scores}, CLASSIFY),
        "classify_first": _definition(inputs, {"scores": scores[:1]}, CLASSIFY),
        "classify_three": _definition(
            inputs, {"classes": classes, "scores": scores, "more": scores}, CLASSIFY),
        "classify_two_inputs": _definition(
            {"inputs": examples, "text": text},
            {"scores": tf.zeros([tf.size(examples) + tf.size(text), 1])}, CLASSIFY),
        "regress_matrix": _definition(inputs, {"outputs": scores}, REGRESS),
        "regress_words": _definition(inputs, {"outputs": parsed["word"]}, REGRESS),
        "regress_first": _definition(inputs, {"outputs": scores[:1, 0]}, REGRESS),
        "regress_other_output": _definition(inputs, {"y": scores[:, 0]}, REGRESS),
        "sums": _definition(
            {"a": a, "b": b}, {"sum": a + b, "difference": a - b}, PREDICT),
        "rows": _definition({"matrix": matrix}, {
            "total": tf.reduce_sum(matrix, axis=1), "twice": 2 * matrix}, PREDICT),
        "several_batches": _definition(
            {"text": text}, {"all": tf.identity(text), "first": text[:1]}, PREDICT),
        "number": _definition({"text": text}, {"number": tf.strings.to_number(text)}, PREDICT),
        "next": _definition({"scalar": scalar}, {"next": scalar + 1}, PREDICT),
        "bytes": _definition(
            {"text": text}, {"text": tf.identity(text), "text_bytes": tf.identity(text)}, PREDICT),
    }
    for name in ECHOED:
        x = tf1.placeholder(tf.as_dtype(name), [None], name=f"x_{name}")
        signatures[f"echo_{name}"] = _definition({"x": x}, {"y": tf.identity(x)}, PREDICT)
    return signatures


def _save_product(path: pathlib.Path) -> None:
    """A function of variables, of any shape, saved by TensorFlow 2."""
    root = tf.train.Checkpoint(v1=tf.Variable(3.0), v2=tf.Variable(2.0))
    root.f = tf.function(
        lambda x: {"y": root.v1 * root.v2 * x}, input_signature=[tf.TensorSpec(None, tf.float32)])
    tf.saved_model.save(root, str(path), root.f)


def _save_two_signatures(path: pathlib.Path) -> None:
    root = tf.train.Checkpoint()
    specs = [tf.TensorSpec(None, tf.float32)]
    root.f = tf.function(lambda x: {"y": tf.ones_like(x)}, input_signature=specs)
    root.g = tf.function(lambda x: {"y": 2 * tf.ones_like(x)}, input_signature=specs)
    tf.saved_model.save(
        root, str(path), signatures={"serving_default": root.f, "custom_signature_key": root.g})


def _save_keras(path: pathlib.Path) -> None:
    """A Sequential model with a layer of weights, in the form that Keras itself exports."""
    inputs = tf.keras.layers.Input([1], dtype="float32", name="x")
    layer = tf.keras.layers.Dense(1, kernel_initializer="ones", name="y")
    tf.keras.Sequential([inputs, layer]).export(str(path))


def _save_mirrored(path: pathlib.Path) -> None:
    """A Keras model made under a distribution strategy."""
    with tf.distribute.MirroredStrategy(["/cpu:0"]).scope():
        _save_keras(path)


EXPORTS: dict[str, Callable[[pathlib.Path], None]] = {
    "half_plus_two": lambda path: _save_graph(path, _linear(2.0)),
    "half_plus_three": lambda path: _save_graph(path, _linear(3.0)),
    "forms": lambda path: _save_graph(path, _forms),
    "product": _save_product,
    "two_signatures": _save_two_signatures,
    "keras": _save_keras,
    "mirrored": _save_mirrored,
}

if __name__ == "__main__":
    export_all(pathlib.Path(sys.argv[1]).resolve())
