"""What the server does under load, beside a plain server and the bare model call."""

import os

# Before the first TensorFlow import: Keras 2, and no warnings of missing GPUs.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
