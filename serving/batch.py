"""Batch runs over a pushed version, in this process: TREC run files for search and recommend."""

from __future__ import annotations

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Iterator, Sequence

import tqdm

from serving.batch_inputs import Task, count_tasks, read_contexts, read_queries
from serving.errors import RequestError, ServingError, VersionError
from serving.retrieval import Context, Result, recommend_request, results_of, text_array
from serving.servable import Arrays, Servable, Threads, load_servable, new_session
from serving.trec import atomic_text_file, has_whitespace, run_lines
from serving.versions import describe, newest_version

# Tasks that are sorted by length together: enough for full batches of like lengths, few enough
# to hold their results.
_WINDOW = 4096
# Of a batch; a model holds at least a vector for each, and excludes each.
_MAX_HISTORY_VALUES = 2**14


@dataclasses.dataclass(frozen=True)
class RunSummary:
    """What a batch run did."""

    version: int
    tasks: int
    results: int


def write_search_run(
    serving_dir: str | os.PathLike[str], queries: str | os.PathLike[str],
    output: str | os.PathLike[str], *, top_k: int, batch_size: int = 64, tag: str = "emporium",
    progress: bool = True,
) -> RunSummary:
    """Answers every query of a file with the newest pushed version.

    Args:
        serving_dir: folder with one numeric folder a version, such as OUT/serving.
        queries: file with `query_id<TAB>query`, a line each.
        output: the TREC run to write; appears only when it is whole, lines in the file's order.
        top_k: results a query at the most.
        batch_size: queries a model call.
        tag: last field of every line.
        progress: whether to draw a progress bar on standard error.

    Raises:
        ServingError: no version, one that cannot be loaded, `top_k` beyond the exported K, a
            `batch_size` below 1, a `tag` that is not one word, a bad line in the file (with
            file:line), an output that cannot be written.
    """
    path = pathlib.Path(queries)

    def request(batch: Sequence[Context]) -> tuple[str, Arrays]:
        return "search", {"query": text_array([context.query for context in batch])}

    job = _Job("search", request, path, lambda: read_queries(path), top_k, batch_size, tag)
    return _write_run(job, pathlib.Path(serving_dir), pathlib.Path(output), progress)


def write_recommend_run(
    serving_dir: str | os.PathLike[str], contexts: str | os.PathLike[str],
    output: str | os.PathLike[str], *, top_k: int, exclude_history: bool = True,
    batch_size: int = 64, tag: str = "emporium", progress: bool = True,
) -> RunSummary:
    """Answers every context of a file with the newest pushed version.

    Args:
        serving_dir: as in `write_search_run`.
        contexts: JSON Lines, as `read_contexts` takes them.
        output: as in `write_search_run`.
        top_k: results a context at the most.
        exclude_history: whether products of the history stay out of the answer, besides those
            that the context excludes itself.
        batch_size: contexts a model call.
        tag: last field of every line.
        progress: whether to draw a progress bar on standard error.

    Raises:
        ServingError: as in `write_search_run`.
    """
    path = pathlib.Path(contexts)

    def request(batch: Sequence[Context]) -> tuple[str, Arrays]:
        return recommend_request([_without_history(context) for context in batch]
                                 if exclude_history else batch)

    job = _Job("recommend", request, path, lambda: read_contexts(path), top_k, batch_size, tag)
    return _write_run(job, pathlib.Path(serving_dir), pathlib.Path(output), progress)


@dataclasses.dataclass(frozen=True)
class _Job:
    """What to ask (a batch's signature and arrays) and for whom (the tasks of a file)."""

    name: str
    request: Callable[[Sequence[Context]], tuple[str, Arrays]]
    path: pathlib.Path
    read: Callable[[], Iterator[Task]]
    top_k: int
    batch_size: int
    tag: str


def _write_run(job: _Job, serving_dir: pathlib.Path, output: pathlib.Path,
               progress: bool) -> RunSummary:
    _check_job(job)
    count = count_tasks(job.read(), job.path)
    servable = load_servable(newest_version(serving_dir), new_session(Threads(0, 0)))
    _check_top_k(servable, job)
    results = 0
    with atomic_text_file(output) as file, tqdm.tqdm(
            total=count, desc=job.name, unit="row", disable=not progress) as bar:
        tasks = job.read()
        while window := list(itertools.islice(tasks, _WINDOW)):
            for task, answer in zip(window, _answers(servable, job, window, bar), strict=True):
                file.write(run_lines(task.task_id, answer, job.tag))
                results += len(answer)
    return RunSummary(servable.version.number, count, results)


def _answers(servable: Servable, job: _Job, window: Sequence[Task],
             bar: tqdm.tqdm) -> list[list[Result]]:
    """The results of a window's tasks, in their order."""
    answers: list[list[Result]] = [[] for _ in window]
    for positions in _batches(window, job.batch_size):
        outputs = _call(servable, job, [window[position].context for position in positions])
        for position, answer in zip(positions, results_of(outputs, job.top_k), strict=True):
            answers[position] = answer
        bar.update(len(positions))
    return answers


def _batches(window: Sequence[Task], batch_size: int) -> Iterator[list[int]]:
    """Positions of like length together: a batch costs what its longest member costs."""

    def length(position: int) -> tuple[int, int]:
        context = window[position].context
        return len(context.history), len(context.query) + len(context.profile)

    batch: list[int] = []
    for position in sorted(range(len(window)), key=length):
        longest = max(1, length(position)[0])
        if len(batch) == batch_size or (len(batch) + 1) * longest > _MAX_HISTORY_VALUES:
            if batch:
                yield batch
            batch = []
        batch.append(position)
    yield batch


def _call(servable: Servable, job: _Job, contexts: Sequence[Context]) -> Arrays:
    try:
        signature_name, inputs = job.request(contexts)
        signature = servable.signatures.find(signature_name)
        signature.check_inputs(inputs)
        return servable.run(
            signature, inputs, signature.select_outputs(["product_id", "score"]))
    except RequestError as error:
        raise VersionError(
            f"version {servable.version.number} in {servable.version.path} cannot answer: "
            f"{error.message}; push a version that `emporium run` exported") from error


def _check_job(job: _Job) -> None:
    if job.top_k < 1:
        raise ServingError(f"top_k must be at least 1, received {job.top_k}")
    if job.batch_size < 1:
        raise ServingError(f"batch_size must be at least 1, received {job.batch_size}")
    if has_whitespace(job.tag):
        raise ServingError(
            "tag must be one word, as whitespace separates the fields of a TREC run, received "
            f"{job.tag!r}")


def _check_top_k(servable: Servable, job: _Job) -> None:
    """Raises where the version cannot give `top_k` results: K is fixed when it is exported.

    K is the whole catalogue where that is small, and then nobody can have more.
    """
    exported = _call(servable, job, [Context()])["product_id"].shape[1]
    if job.top_k > exported and describe(servable.version).products != exported:
        raise ServingError(
            f"top_k must be from 1 to {exported}, the results that version "
            f"{servable.version.number} was exported with, received {job.top_k}; for more, run the "
            f"pipeline with index.top_k={job.top_k}")


def _without_history(context: Context) -> Context:
    exclude = list(dict.fromkeys([*context.exclude, *context.history]))
    return dataclasses.replace(context, exclude=exclude)
