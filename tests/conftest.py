"""What every test stands on: the environment of TensorFlow, hypothesis and the shared data."""

import os
import pathlib

# Before the first TensorFlow import: Keras 2, no GPU, one thread an operation, quiet.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.pop("EMPORIUM_USER_KEY", None)

import hypothesis
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]

# A shared machine stalls at will: no example fails for being slow. CI draws the same examples in
# every run, so that a red run is the change's doing.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The folder of real shops' data beside the repository; skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the real shops' data is not here ({folder})")
    return folder
