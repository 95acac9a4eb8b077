"""The folder of served versions: which one is live, and how a new one appears in it whole.

A version is a sub-folder named by a number. Everything else in the folder is ignored, by
TensorFlow Serving as by us, which is where a version grows before it is renamed into place.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
from typing import Any

import tensorflow as tf

DESCRIPTION_FILE = "assets.extra/emporium.json"
"""In a version's folder: what the version is made of."""

_INCOMING = ".incoming-"
_MODEL_FILE = "saved_model.pb"
_BLOCK = 16 * 2**20


def live_version(serving_dir: str) -> int | None:
    """The newest complete version in a serving folder (local or a URI), or None without one."""
    complete = (
        number for number in _version_numbers(serving_dir)
        if tf.io.gfile.exists(os.path.join(serving_dir, str(number), _MODEL_FILE)))
    return max(complete, default=None)


def read_description(model_dir: str) -> dict[str, Any]:
    """What a version says that it is made of; nothing where another hand exported it."""
    file = os.path.join(model_dir, DESCRIPTION_FILE)
    if not tf.io.gfile.exists(file):
        return {}
    with tf.io.gfile.GFile(file) as text:
        return dict(json.load(text))


def push_version(model_dir: str, serving_dir: str, now: float) -> int:
    """Makes a SavedModel appear as the newest version of a serving folder.

    On a file system the version is copied beside and renamed, so it is there whole or not at
    all. An object store has no rename of folders: there `saved_model.pb`, which servers wait
    for, is copied last. A model that is already the newest version is not pushed again.

    Args:
        model_dir: folder of a SavedModel.
        serving_dir: folder of the versions; made when missing.
        now: seconds since the epoch, the new version's number unless that is taken or lower
            than the newest.

    Returns:
        The version under which the model is served.

    Raises:
        FileNotFoundError: `model_dir` holds no SavedModel.
    """
    if not tf.io.gfile.exists(os.path.join(model_dir, _MODEL_FILE)):
        raise FileNotFoundError(
            f"model {model_dir}: expected a SavedModel with {_MODEL_FILE}, found none")
    newest = live_version(serving_dir)
    if newest is not None and _same_files(model_dir, os.path.join(serving_dir, str(newest))):
        return newest
    version = max(int(now), 1 + max(_version_numbers(serving_dir), default=0))
    if "://" in serving_dir:
        _copy_to_object_store(model_dir, os.path.join(serving_dir, str(version)))
        return version
    folder = pathlib.Path(serving_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"{_INCOMING}*"):
        shutil.rmtree(leftover)
    incoming = folder / f"{_INCOMING}{version}"
    shutil.copytree(model_dir, incoming)
    incoming.rename(folder / str(version))
    return version


def _version_numbers(serving_dir: str) -> list[int]:
    if not tf.io.gfile.isdir(serving_dir):
        return []
    names = (name.rstrip("/") for name in tf.io.gfile.listdir(serving_dir))
    return [int(name) for name in names if name.isascii() and name.isdigit()]


def _copy_to_object_store(source: str, target: str) -> None:
    for name in _relative_files(source):
        destination = os.path.join(target, name)
        tf.io.gfile.makedirs(os.path.dirname(destination))
        if name != _MODEL_FILE:
            tf.io.gfile.copy(os.path.join(source, name), destination)
    tf.io.gfile.copy(os.path.join(source, _MODEL_FILE), os.path.join(target, _MODEL_FILE))


def _same_files(left: str, right: str) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    names = _relative_files(left)
    return names == _relative_files(right) and all(
        _same_bytes(os.path.join(left, name), os.path.join(right, name)) for name in names)


def _same_bytes(left: str, right: str) -> bool:
    if tf.io.gfile.stat(left).length != tf.io.gfile.stat(right).length:
        return False
    with tf.io.gfile.GFile(left, "rb") as one, tf.io.gfile.GFile(right, "rb") as other:
        while block := one.read(_BLOCK):
            if block != other.read(_BLOCK):
                return False
    return True


def _relative_files(folder: str) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(parent, name), folder)
        for parent, _, names in tf.io.gfile.walk(folder) for name in names)
