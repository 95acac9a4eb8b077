"""Is what a product says likely: noise that no rule finds, by models of the catalogue."""

from pipeline.governance.judge.fitting import TooFewProductsError, fit_judge
from pipeline.governance.judge.judge import Judge, load_judge, save_judge
from pipeline.governance.judge.rules import RULES
from pipeline.governance.judge.settings import JudgeSettings
from pipeline.governance.judge.transforms import JudgeProducts

__all__ = [
    "RULES", "Judge", "JudgeProducts", "JudgeSettings", "TooFewProductsError", "fit_judge",
    "load_judge", "save_judge"]
