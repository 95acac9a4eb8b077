"""What titles and descriptions say about brand and attributes, for the products that lack them."""

from pipeline.governance.extraction.extractor import Extractor, learn_extractor
from pipeline.governance.extraction.fill import RULES, fill_missing, find, sample_rows
from pipeline.governance.extraction.settings import ExtractionSettings

__all__ = [
    "RULES", "ExtractionSettings", "Extractor", "fill_missing", "find", "learn_extractor",
    "sample_rows"]
