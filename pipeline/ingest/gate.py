"""AnomalyGate: stops a run whose data is not what the curated schema of its table says."""

import logging
import os

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME
from tfx.dsl.component.experimental.annotations import InputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types import artifact_utils, standard_artifacts

from pipeline.ingest.contract import TABLES, Column, DatasetError, Kind

_LOG = logging.getLogger(__name__)

_Reason = anomalies_pb2.AnomalyInfo
_MISSING = frozenset((
    _Reason.SCHEMA_MISSING_COLUMN, _Reason.FEATURE_TYPE_LOW_FRACTION_PRESENT,
    _Reason.FEATURE_TYPE_LOW_NUMBER_PRESENT, _Reason.FEATURE_TYPE_NOT_PRESENT,
    _Reason.INVALID_FEATURE_SHAPE))
_NOT_OURS = frozenset((
    _Reason.SCHEMA_NEW_COLUMN, _Reason.UNEXPECTED_DATA_TYPE,
    _Reason.FEATURE_TYPE_HIGH_NUMBER_VALUES))
_KINDS = {
    Kind.ID: "an id as text", Kind.TEXT: "text", Kind.NUMBER: "a finite number",
    Kind.TIME: "seconds since 1970", Kind.ATTRIBUTES: "a JSON object as text",
}


def check_anomalies(anomalies: anomalies_pb2.Anomalies, table: str) -> None:
    """Raises where a table is not what its curated schema says.

    Args:
        anomalies: what ExampleValidator found in the table's split.
        table: name of the table.

    Raises:
        DatasetError: each column with what was expected, what was found and what to do.
    """
    if anomalies.data_missing:
        if table == "products":
            raise DatasetError(
                "products: the table is empty after ingest; export the catalogue again.")
        _LOG.info("%s: no row: %s", table, TABLES[table].without)
        return
    problems = [
        _describe(table, name, info) for name, info in sorted(anomalies.anomaly_info.items())
        if info.severity == _Reason.ERROR]
    problems += [
        f"The table as a whole: {reason.description.rstrip('.')}. Export it again, whole."
        for reason in anomalies.dataset_anomaly_info.reason]
    if problems:
        raise DatasetError(f"{table}: the data is not what it should be. " + " ".join(problems))


@component
def AnomalyGate(
    anomalies: InputArtifact[standard_artifacts.ExampleAnomalies], table: Parameter[str],
) -> None:
    """Reads the anomalies of a table and raises DatasetError where there is one that matters."""
    folder = artifact_utils.get_split_uri([anomalies], table)
    with fileio.open(os.path.join(folder, DEFAULT_FILE_NAME), "rb") as stream:
        check_anomalies(anomalies_pb2.Anomalies.FromString(stream.read()), table)


def _describe(table: str, name: str, info: anomalies_pb2.AnomalyInfo) -> str:
    columns = {column.name: column for column in TABLES[table].columns}
    expected = _expectation(columns[name]) if name in columns else "as the schema says"
    found = info.description.rstrip(".")
    return f"Column {name}: expected {expected}; found: {found}. {_remedy(table, name, info)}"


def _expectation(column: Column) -> str:
    text = _KINDS.get(column.kind) or f"one of {', '.join(column.choices)}"
    if column.minimum is not None:
        text += f", {column.minimum:g} or more"
    return f"{text}, in every row" if column.required else f"{text}, where there is one"


def _remedy(table: str, name: str, info: anomalies_pb2.AnomalyInfo) -> str:
    kinds = {reason.type for reason in info.reason}
    if kinds & _NOT_OURS:
        return (
            "Ingest never writes this: the examples were made by another version of it. Remove "
            "the run's pipeline folder and run again.")
    if kinds & _MISSING:
        return f"Give {name} a value in every row of {table}."
    if _Reason.FEATURE_TYPE_LOW_UNIQUE in kinds:
        return f"Look for a column of {table} that was exported in the place of {name}."
    return f"Correct {name} in the export of {table}."
