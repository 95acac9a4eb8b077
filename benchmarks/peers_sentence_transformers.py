"""Fine-tunes MiniLM with sentence-transformers on a task's labels and encodes tasks with it.

Usage:  .venv-peers/bin/python benchmarks/peers_sentence_transformers.py
            --tasks DIR --weights DIR --out DIR --train TASK --encode TASK [TASK ...]

Runs in an environment of its own (`make peers-environment`), since PyTorch is none of Emporium's
dependencies. `--weights` is the folder of all-MiniLM-L6-v2. Leaves OUT/TASK.npz for each encoded
task, with unit vectors `products` and `queries`. A killed call goes on from its last checkpoint,
every 25 steps in training and every 4,096 texts in encoding.

The recipe: MultipleNegativesRankingLoss, one epoch of 24,000 pairs of a query and the texts of a
product with a grade of 1.33 or more, batch 64, learning rate 5e-5, bfloat16.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random

os.environ["HF_HUB_OFFLINE"] = "1"  # Before the libraries are imported.

import datasets
import numpy as np
import sentence_transformers as st
from sentence_transformers.losses import MultipleNegativesRankingLoss
from transformers.trainer_utils import get_last_checkpoint

PAIRS = 24_000
MIN_GRADE = 1.33
SEED = 1
TEXTS = ("title", "brand", "category", "description")
MAX_TOKENS = 64  # Of a text, as many as Emporium reads of a product.
TEXTS_A_PART = 4096


def lines(path: pathlib.Path) -> list[dict]:
    """Rows of a JSON Lines file."""
    with path.open(encoding="utf-8") as file:  # Not splitlines, which also splits within titles.
        return [json.loads(line) for line in file]


def texts(task: pathlib.Path) -> dict[str, str]:
    """The texts of each product, as one."""
    return {
        row["product_id"]: " ".join(row[field] for field in TEXTS if field in row)
        for row in lines(task / "products.jsonl")}


def training_pairs(task: pathlib.Path) -> datasets.Dataset:
    """Queries and texts of products that the training split judges good."""
    products = texts(task)
    pairs = [
        {"anchor": row["query"], "positive": products[row["product_id"]]}
        for row in lines(task / "judgments.jsonl")
        if row["split"] == "train" and row["grade"] >= MIN_GRADE]
    return datasets.Dataset.from_list(random.Random(SEED).sample(pairs, min(PAIRS, len(pairs))))


def tuned_model(
    weights: pathlib.Path, task: pathlib.Path, out: pathlib.Path
) -> st.SentenceTransformer:
    """The tuned model, trained unless its folder is there."""
    folder = out / f"tuned-{task.name}"
    model = st.SentenceTransformer(str(folder if folder.exists() else weights), device="cpu")
    model.max_seq_length = MAX_TOKENS
    if folder.exists():
        return model
    checkpoints = out / f"checkpoints-{task.name}"
    trainer = st.SentenceTransformerTrainer(
        model=model,
        args=st.SentenceTransformerTrainingArguments(
            output_dir=str(checkpoints), num_train_epochs=1, per_device_train_batch_size=64,
            learning_rate=5e-5, bf16=True, use_cpu=True, seed=SEED, save_steps=25,
            save_total_limit=1, logging_steps=25, report_to="none"),
        train_dataset=training_pairs(task),
        loss=MultipleNegativesRankingLoss(model),
    )
    trainer.train(
        resume_from_checkpoint=get_last_checkpoint(checkpoints) if checkpoints.exists() else None)
    part = out / f"tuned-{task.name}.part"
    model.save(str(part))
    part.rename(folder)
    return model


def encode(model: st.SentenceTransformer, rows: list[str], parts: pathlib.Path) -> np.ndarray:
    """Unit vectors `[texts, dim]`; `parts` keeps what is encoded so far."""
    parts.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(rows), TEXTS_A_PART):
        part = parts / f"{start:09}.npy"
        if not part.exists():
            vectors = model.encode(
                rows[start:start + TEXTS_A_PART], batch_size=64, normalize_embeddings=True,
                show_progress_bar=False)
            new = part.with_suffix(".new.npy")
            np.save(new, vectors)
            new.rename(part)
            print(f"{parts.name}: {start + len(vectors):,} of {len(rows):,}", flush=True)
    return np.concatenate([np.load(part) for part in sorted(parts.glob("?????????.npy"))])


def encode_task(model: st.SentenceTransformer, task: pathlib.Path, out: pathlib.Path) -> None:
    """Writes a task's vectors unless they are there."""
    kept = out / f"{task.name}.npz"
    if kept.exists():
        return
    with (task / "holdout" / "queries.tsv").open(encoding="utf-8") as file:
        queries = [line.rstrip("\n").partition("\t")[2] for line in file]
    part = kept.with_suffix(".part.npz")
    np.savez(
        part,
        products=encode(
            model, list(texts(task).values()), out / f"parts-{task.name}-products"),
        queries=encode(model, queries, out / f"parts-{task.name}-queries"))
    part.rename(kept)


def main() -> None:
    """Trains on one task and encodes the others with the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("tasks", "weights", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True, metavar="DIR")
    parser.add_argument("--train", required=True, metavar="TASK")
    parser.add_argument("--encode", nargs="+", required=True, metavar="TASK")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    model = tuned_model(args.weights, args.tasks / args.train, args.out)
    for name in args.encode:
        encode_task(model, args.tasks / name, args.out)


if __name__ == "__main__":
    main()
