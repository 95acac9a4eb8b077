"""How many triples and nodes of each kind a graph has."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping

import apache_beam as beam
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.io.filesystems import FileSystems

from pipeline.governance.graph.directory import hash_texts
from pipeline.governance.graph.settings import GraphSettings
from pipeline.governance.graph.triples import kind_of

Counted = tuple["collections.Counter[str]", dict[str, np.ndarray]]
"""Triples by relation, and hashes of the nodes of each kind, 8 bytes a node."""


class WriteSummary(beam.PTransform):
    """Arrow tables of triples, by the part of the graph -> a JSON file of counts and settings."""

    def __init__(self, path: str, settings: GraphSettings) -> None:
        super().__init__()
        self._path = path
        self._settings = settings

    def expand(
        self, graph: Mapping[str, beam.PCollection[pa.Table]],
    ) -> beam.PCollection[None]:
        """Builds the job graph."""
        counted = [
            triples
            | f"Count[{part}]" >> beam.Map(_count)
            | f"AddPart[{part}]" >> beam.CombineGlobally(_add)
            for part, triples in graph.items()]
        return (
            counted
            | "Parts" >> beam.Flatten()
            | "Add" >> beam.CombineGlobally(_add)
            | "Write" >> beam.Map(_write, self._path, self._settings))


def _count(table: pa.Table) -> Counted:
    nodes: dict[str, np.ndarray] = {}
    names = pc.unique(pa.chunked_array(
        [*table["head"].chunks, *table["tail"].chunks], pa.string())).to_pylist()
    hashes = hash_texts(names)
    kinds = np.array([kind_of(name) for name in names], object)
    for kind in set(kinds):
        nodes[kind] = hashes[kinds == kind]
    return collections.Counter(table["relation"].to_pylist()), nodes


def _add(parts: Iterable[Counted]) -> Counted:
    relations: collections.Counter[str] = collections.Counter()
    nodes: dict[str, list[np.ndarray]] = collections.defaultdict(list)
    for counts, hashes in parts:
        relations.update(counts)
        for kind, some in hashes.items():
            nodes[kind].append(some)
    return relations, {kind: np.unique(np.concatenate(some)) for kind, some in nodes.items()}


def _write(counted: Counted, path: str, settings: GraphSettings) -> None:
    relations, nodes = counted
    summary = {
        "triples": dict(relations), "nodes": {kind: len(some) for kind, some in nodes.items()},
        "settings": dataclasses.asdict(settings)}
    with FileSystems.create(path, "application/json") as stream:
        stream.write(orjson.dumps(summary, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))
