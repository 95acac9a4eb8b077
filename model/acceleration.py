"""What the machine offers: distribution strategy, mixed precision, AutoGraph left out."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator

import tensorflow as tf


class StrategyError(ValueError):
    """The machine does not have what `training.strategy` asks for; the message says what lacks."""


def check_strategy(name: str) -> None:
    """Looks whether the machine has what a strategy needs, without starting any device.

    Args:
        name: as `choose_strategy` takes it.

    Raises:
        StrategyError: the machine does not have what the name asks for.
    """
    if name == "gpu" and not tf.config.list_physical_devices("GPU"):
        lack = "TensorFlow sees no GPU"
    elif name == "tpu" and not _tpu_address():
        lack = "there is no /dev/accel0 and TPU_NAME names none"
    else:
        return
    raise StrategyError(
        f"training.strategy should name what the machine has. Received: {name!r}, but {lack}; "
        "'auto' takes what there is")


def choose_strategy(name: str) -> tf.distribute.Strategy:
    """The tf.distribute strategy of a configured name.

    Args:
        name: auto, cpu, gpu, mirrored or tpu. `auto` takes a TPU where the machine has or names
            one, every GPU where there are several, one GPU, else the CPU; `mirrored` takes every
            GPU or, where there is none, every logical CPU device.

    Raises:
        StrategyError: the machine does not have what the name asks for.
    """
    check_strategy(name)
    tpu = _tpu_address()
    if name == "tpu" or (name == "auto" and tpu):
        # Before any other device is looked at: TensorFlow starts but once.
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    gpus = tf.config.list_logical_devices("GPU")
    if name == "auto":
        name = "mirrored" if len(gpus) > 1 else "gpu" if gpus else "cpu"
    if name == "mirrored":
        devices = gpus or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([d.name for d in devices])
    return tf.distribute.OneDeviceStrategy("/gpu:0" if name == "gpu" else "/cpu:0")


def choose_precision(name: str) -> str:
    """The Keras policy of a configured name; `auto` takes what the hardware speeds up."""
    if name != "auto":
        return name
    if _tpu_address():
        return "mixed_bfloat16"
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get(
            "compute_capability", (0, 0))
        if capability >= (8, 0):
            return "mixed_bfloat16"
        return "mixed_float16" if capability >= (7, 0) else "float32"
    return "mixed_bfloat16" if _cpu_multiplies_bfloat16() else "float32"


def compiles_shapes(strategy: tf.distribute.Strategy) -> bool:
    """Whether the strategy's devices compile a step for each shape that it is given."""
    return isinstance(strategy, tf.distribute.TPUStrategy)


def _tpu_address() -> str | None:
    """What TensorFlow calls the TPU: its name, `local` for the host's own, None without one."""
    local = "local" if pathlib.Path("/dev/accel0").exists() else None
    return os.environ.get("TPU_NAME") or local


def _cpu_multiplies_bfloat16() -> bool:
    try:
        words = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:  # Not Linux: float32 is right everywhere.
        return False
    return "avx512_bf16" in words or "amx_bf16" in words


@contextlib.contextmanager
def libraries_not_converted() -> Iterator[None]:
    """Keeps AutoGraph from rewriting Keras and KerasNLP, which need no rewriting.

    Building and exporting a tower is five to fifteen times faster. The hook is private to
    TensorFlow: where it is gone, everything works as before, only slower.
    """
    try:
        from tensorflow.python.autograph.core import config
        rules = config.CONVERSION_RULES
        extra = tuple(
            config.DoNotConvert(name) for name in ("tf_keras", "keras_nlp"))
    except (ImportError, AttributeError):
        yield
        return
    config.CONVERSION_RULES = extra + rules
    try:
        yield
    finally:
        config.CONVERSION_RULES = rules
