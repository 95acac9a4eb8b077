"""Is what a product says likely: noise that no rule finds, by models of the catalogue."""

from pipeline.governance.judge.catalogue import find_noise
from pipeline.governance.judge.rules import RULES
from pipeline.governance.judge.settings import JudgeSettings

__all__ = ["RULES", "JudgeSettings", "find_noise"]
