"""The artifact types that TFX has no name for.

On Kubeflow the name of a type is where its class is imported from, and holds one dot: the package
exports what is defined here.
"""

from tfx.types import artifact


class Quarantine(artifact.Artifact):
    """Rows that could not be used, with file, line and reason, and the balance of rows."""

    TYPE_NAME = "pipeline.Quarantine"


class Decisions(artifact.Artifact):
    """What governance did to which row: the log, `*.parquet`."""

    TYPE_NAME = "pipeline.Decisions"


class KnowledgeGraph(artifact.Artifact):
    """What the tables say of products and what goes together: `triples-*.parquet`, `graph.json`."""

    TYPE_NAME = "pipeline.KnowledgeGraph"


class DataReport(artifact.Artifact):
    """What is wrong with the data, for people and for machines."""

    TYPE_NAME = "pipeline.DataReport"


class Contexts(artifact.Artifact):
    """Validation contexts with their relevant products: `contexts.jsonl.gz`."""

    TYPE_NAME = "pipeline.Contexts"


class Popularity(artifact.Artifact):
    """How often each product was wanted: `popularity.json`."""

    TYPE_NAME = "pipeline.Popularity"


class Sequences(artifact.Artifact):
    """Shoppers' wants in order, without the shoppers: `sequences-*.jsonl.gz`."""

    TYPE_NAME = "pipeline.Sequences"
