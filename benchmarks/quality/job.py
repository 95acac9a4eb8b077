"""The job: what has no result yet is run, scored and kept."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
import shutil
import sys
import time

from benchmarks.quality import ablation
from benchmarks.quality.commit import code_commit
from benchmarks.quality.emporium import RunError, run_emporium
from benchmarks.quality.peers import rankings, tuned
from benchmarks.quality.peers.registry import PEERS, Peer, tuned_folder
from benchmarks.quality.results import (
    EMPORIUM,
    Result,
    check_topics,
    result_name,
    save_result,
)
from benchmarks.quality.scoring import Scores, score_run
from benchmarks.quality.tasks import Task, load_task, make_tasks

SEEDS = {"homedepot": (1, 2, 3), "scientific": (1, 2, 3)}
"""Seeds of a task's runs; of the others it is 1."""


@dataclasses.dataclass(frozen=True)
class Job:
    """Where everything is.

    Attributes:
        bench: folder of tasks.py and score.py.
        tasks: folder that receives the tasks.
        work: folder of runs and of what peers keep.
        results: folder of the results.
        names: tasks that are measured.
    """

    bench: pathlib.Path
    tasks: pathlib.Path
    work: pathlib.Path
    results: pathlib.Path
    names: tuple[str, ...]

    def prepare(self) -> None:
        """Makes the tasks and folders that are missing."""
        for folder in (self.tasks, self.work, self.results):
            folder.mkdir(parents=True, exist_ok=True)
        make_tasks(self.bench, self.tasks, list(self.names))

    def measure_emporium(self, seeds: tuple[int, ...] | None = None) -> bool:
        """The default configuration on every task; whether all went well."""
        well = True
        for name in self.names:
            for seed in SEEDS.get(name, (1,)) if seeds is None else seeds:
                well &= self._emporium(name, EMPORIUM, seed, ())
        return well

    def measure_ablation(self) -> bool:
        """The variations, and the default that they are compared with; whether all went well."""
        well = True
        for name in self.names:
            varied = [v for v in ablation.VARIATIONS if name in v.tasks]
            if varied:
                well &= self._emporium(name, EMPORIUM, ablation.SEED, ())
            for variation in varied:
                well &= self._emporium(
                    name, variation.system, ablation.SEED, variation.settings,
                    EMPORIUM if variation.same_towers else variation.system)
        return well

    def measure_peers(self) -> None:
        """Every peer but the tuned ones."""
        for peer in PEERS:
            for name in self.names:
                if name in peer.tasks and not peer.tuned:
                    self._peer(name, peer)

    def measure_tuned_peers(self) -> None:
        """The peers of sentence-transformers, where its environment is."""
        missing = [
            (name, peer) for name in self.names for peer in PEERS
            if peer.tuned and name in peer.tasks and not self._kept(name, peer.name, 1)]
        if not missing:
            return
        names = sorted({name for name, _ in missing})
        make_tasks(self.bench, self.tasks, [tuned.TRAINED_ON])
        if not tuned.make_vectors(self.tasks, names, tuned_folder(self.work)):
            print(
                f"sentence-transformers is left out: there is no {tuned.PYTHON}; "
                "`make peers-environment` makes it", file=sys.stderr)
            return
        for name, peer in missing:
            self._peer(name, peer)

    def _emporium(
        self, name: str, system: str, seed: int, settings: tuple[str, ...], folder: str = EMPORIUM,
    ) -> bool:
        """Runs Emporium in the folder of a system, whose cached steps it takes over."""
        if self._kept(name, system, seed):
            return True
        options = [p for s in (f"seed={seed}", *settings) for p in ("--set", s)]
        commit = code_commit()
        out = self.work / f"{name}-{folder}-{seed}"
        if system != folder:  # What is live there would not let a worse one in.
            shutil.rmtree(out / "serving", ignore_errors=True)
        try:
            run = run_emporium(self._task(name), out, options)
        except RunError as error:
            print(f"error: {error}", file=sys.stderr)
            return False
        scores = self._score(name, run.answers) if run.answers else None
        self._keep(Result(
            name, system, seed, commit, options, run.minutes, run.resumed, run.peak_gb, run.status,
            scores.slices if scores else {}, scores.values if scores else {}))
        return True

    def _peer(self, name: str, peer: Peer) -> None:
        if self._kept(name, peer.name, 1):
            return
        task = self._task(name)
        commit = code_commit()
        started = time.monotonic()
        ranked = peer.rank(task, self.work)
        minutes = round((time.monotonic() - started) / 60, 2)
        run = self.work / f"{name}-{peer.name}.run"
        run.write_text("".join(rankings.run_lines(task, ranked, peer.name)), encoding="utf-8")
        scores = self._score(name, run)
        self._keep(Result(
            name, peer.name, 1, commit, [], minutes, False, None, 0, scores.slices, scores.values))

    def _score(self, name: str, run: pathlib.Path) -> Scores:
        scores = score_run(self.bench, self.tasks / name, run)
        check_topics(name, scores.topics, self.results)
        return scores

    def _kept(self, name: str, system: str, seed: int) -> bool:
        return (self.results / result_name(name, system, seed)).exists()

    def _keep(self, result: Result) -> None:
        save_result(result, self.results)
        reached = ", ".join(
            f"{measure} {value:.4f}" for measure, value in result.slices.get("all", {}).items()
            if measure != "n")
        print(f"{result.file_name}: {reached or f'status {result.status}'}", flush=True)

    def _task(self, name: str) -> Task:
        return _load(self.tasks / name)


@functools.cache
def _load(folder: pathlib.Path) -> Task:
    return load_task(folder)
