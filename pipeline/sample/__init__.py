"""What does a shop look like? A generated one, in the dataset contract, to try everything on."""

from pipeline.sample.generator import SampleError, Summary, TableSummary, generate

__all__ = ["SampleError", "Summary", "TableSummary", "generate"]
