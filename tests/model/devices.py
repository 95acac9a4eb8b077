"""Strategies of several replicas on one machine."""

import os
import subprocess
import sys
import textwrap

_DEVICES = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * {count})
"""


def run_on(count, script):
    """What a script prints that runs on logical devices.

    They are set before TensorFlow starts: hence a process of its own.
    """
    done = subprocess.run(
        [sys.executable, "-c", _DEVICES.format(count=count) + textwrap.dedent(script)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "TF_USE_LEGACY_KERAS": "1"})
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
