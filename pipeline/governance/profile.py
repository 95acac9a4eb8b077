"""What the columns of a table look like, whether that is what a person expects, and whether it
has drifted since the data of the model that is live.

TensorFlow Data Validation takes the statistics and compares them; what is here says how.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from typing import TypeAlias

import apache_beam as beam
import tensorflow_data_validation as tfdv
from apache_beam.io.filesystems import FileSystems
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx_bsl.public import tfxio

from pipeline.ingest.contract import TABLES, DatasetError
from pipeline.ingest.files import join_path

STATISTICS = "FeatureStats.pb"
"""Name of a table's file of statistics, in a folder of its own: TFX's name for it."""

ERROR, WARNING = "error", "warning"

_INTERNAL = frozenset({"position"})
_DRIFTING = frozenset({"brand", "category", "event", "price", "value", "grade", "relation"})
"""Columns whose distribution says something; ids and free texts differ from span to span."""

_CLOSED = frozenset({"brand", "category", "event", "split", "relation"})
"""Columns of which a schema lists the values, where they are a hundred or fewer."""

_Reason = anomalies_pb2.AnomalyInfo
_DRIFT = frozenset((
    _Reason.COMPARATOR_L_INFTY_HIGH, _Reason.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH))

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


@dataclasses.dataclass(frozen=True)
class Anomaly:
    """Something about a column as a whole.

    Attributes:
        table: of the column.
        column: its name; "" for the table as a whole.
        severity: `ERROR`, which stops a run, or `WARNING`.
        text: what was found, in a sentence.
    """

    table: str
    column: str
    severity: str
    text: str


@dataclasses.dataclass(frozen=True)
class Profile:
    """The columns of every table, and what is odd about them.

    Attributes:
        columns: by table.
        anomalies: errors first.
    """

    columns: Mapping[str, list[ColumnProfile]]
    anomalies: list[Anomaly]


@dataclasses.dataclass(frozen=True)
class ColumnProfile:
    """A column in a line.

    Attributes:
        name: of the column.
        present: share of the rows with a value.
        distinct: values of a text column, about; None of a number.
        low: least value of a number; None of a text.
        middle: its median.
        high: its greatest value.
    """

    name: str
    present: float
    distinct: int | None
    low: float | None
    middle: float | None
    high: float | None


def write_statistics(rows: beam.PCollection[bytes], table: str, folder: str) -> None:
    """Adds to a pipeline what takes the statistics of a table.

    Args:
        rows: serialized tf.Examples.
        table: name of the table.
        folder: receives `FeatureStats.pb`.
    """
    _ = (rows
         | f"Decode[{table}]" >> tfxio.TFExampleBeamRecord(
             physical_format="inmem", telemetry_descriptors=["emporium", "profile"]).BeamSource()
         | f"Statistics[{table}]" >> tfdv.GenerateStatistics(tfdv.StatsOptions())
         | f"WriteStatistics[{table}]" >> tfdv.WriteStatisticsToBinaryFile(
             os.path.join(folder, STATISTICS)))


def read_statistics(folder: str) -> Statistics | None:
    """The statistics in a table's folder, a path or a URI; None where there are none."""
    path = join_path(folder, STATISTICS)
    if not FileSystems.exists(path):
        return None
    with FileSystems.open(path, "application/octet-stream") as stream:
        return Statistics.FromString(stream.read())


def infer_schema(statistics: Statistics) -> schema_pb2.Schema:
    """A schema that the statistics fit, for a person to edit: what the next span should be like."""
    inferred = tfdv.infer_schema(statistics, infer_feature_shape=False)
    schema = schema_pb2.Schema()
    for feature in inferred.feature:
        if feature.name in _INTERNAL:
            continue
        if feature.name not in _CLOSED:  # Ids and free texts are no list of values, least of all
            feature.ClearField("domain_info")  # where they tell about people.
        schema.feature.append(feature)
    schema.string_domain.extend(d for d in inferred.string_domain if d.name in _CLOSED)
    return schema


def read_schema(folder: str, table: str) -> schema_pb2.Schema | None:
    """The schema of a table that a person edited; None where the folder has none.

    Raises:
        DatasetError: the file is none that TensorFlow Data Validation reads.
    """
    path = join_path(folder, f"{table}.pbtxt")
    if not FileSystems.exists(path):
        return None
    with FileSystems.open(path) as stream:
        text = stream.read().decode("utf-8")
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise DatasetError(
            f"{path}: expected a schema as text, as reports/schema/{table}.pbtxt has it; line "
            f"{error}. Mend the file, or start again from that one.") from error


def find_anomalies(
    table: str, statistics: Statistics, schema: schema_pb2.Schema | None,
    previous: Statistics | None, max_drift: float,
) -> list[Anomaly]:
    """Compares a table with what a person expects and with what it was.

    Args:
        table: name of the table.
        statistics: of its rows.
        schema: what a person expects; None for no expectation.
        previous: statistics of the data of the model that is live; None for no comparison.
        max_drift: the farthest that a column's distribution may have moved, in [0, 1]: of texts
            the greatest change of a value's share, of numbers the Jensen-Shannon divergence.

    Returns:
        Errors first, then by column.
    """
    if not statistics.datasets[0].num_examples:
        return []
    wanted = schema_pb2.Schema()
    wanted.CopyFrom(schema if schema is not None else infer_schema(statistics))
    features = {feature.name: feature for feature in wanted.feature}
    for name in _INTERNAL.difference(features):
        wanted.feature.add(name=name, type=schema_pb2.INT)
    for name in _DRIFTING.intersection(features):
        comparator = features[name].drift_comparator
        if features[name].type == schema_pb2.BYTES:
            comparator.infinity_norm.threshold = max_drift
        else:
            comparator.jensen_shannon_divergence.threshold = max_drift
    found = tfdv.validate_statistics(statistics, wanted, previous_statistics=previous)
    anomalies = [
        _anomaly(table, name, info, edited=schema is not None)
        for name, info in found.anomaly_info.items()]
    return sorted(anomalies, key=lambda a: (a.severity != ERROR, a.column))


def make_profile(
    statistics: Mapping[str, Statistics], previous: Mapping[str, Statistics], schemas: str,
    max_drift: float,
) -> Profile:
    """Describes and compares every table.

    Args:
        statistics: by table.
        previous: those of the data of the live model, as far as there are any.
        schemas: folder of the schemas that a person edited; "" for none.
        max_drift: see `find_anomalies`.

    Raises:
        DatasetError: a schema cannot be read.
    """
    anomalies = []
    for table, found in statistics.items():
        schema = read_schema(schemas, table) if schemas else None
        anomalies += find_anomalies(table, found, schema, previous.get(table), max_drift)
    return Profile(
        {table: describe_columns(found) for table, found in statistics.items()},
        sorted(anomalies, key=lambda a: a.severity != ERROR))


def read_all_statistics(folders: Mapping[str, str]) -> dict[str, Statistics]:
    """The statistics of each table whose folder has some."""
    found = {table: read_statistics(folder) for table, folder in folders.items()}
    return {table: statistics for table, statistics in found.items() if statistics is not None}


def describe_columns(statistics: Statistics) -> list[ColumnProfile]:
    """The columns of a table, those that ingest added left out."""
    [dataset] = statistics.datasets
    return [
        _describe(feature, dataset.num_examples) for feature in dataset.features
        if _name(feature) not in _INTERNAL]


def _anomaly(table: str, name: str, info: anomalies_pb2.AnomalyInfo, *, edited: bool) -> Anomaly:
    drifted = {reason.type for reason in info.reason} <= _DRIFT
    severe = edited and not drifted and info.severity == _Reason.ERROR
    text = info.description.rstrip(".")
    if TABLES[table].personal and "Examples contain values" in text:
        text = info.short_description  # The description quotes them.
    return Anomaly(table, name, ERROR if severe else WARNING, text)


def _name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    return feature.name or ".".join(feature.path.step)


def _describe(feature: statistics_pb2.FeatureNameStatistics, rows: int) -> ColumnProfile:
    kind = feature.WhichOneof("stats")
    common = getattr(feature, kind).common_stats
    present = common.num_non_missing / max(rows, 1)
    if kind == "num_stats":
        numbers = feature.num_stats
        return ColumnProfile(
            _name(feature), present, None, numbers.min, numbers.median, numbers.max)
    distinct = feature.string_stats.unique if kind == "string_stats" else None
    return ColumnProfile(_name(feature), present, distinct, None, None, None)


def write_schemas(statistics: Mapping[str, Statistics], folder: str) -> None:
    """Writes the inferred schema of each table with rows as `TABLE.pbtxt`."""
    for table, found in statistics.items():
        if found.datasets[0].num_examples:
            with FileSystems.create(join_path(folder, f"{table}.pbtxt"), "text/plain") as stream:
                stream.write(text_format.MessageToString(infer_schema(found)).encode("utf-8"))
