"""Load on a running server: closed or open loop, what it did to latency, and whether that is in
budget.

Imports no TensorFlow: the worker processes of a load test start fast and stay small.
"""

from serving.loadtest.config import Budget, LoadConfig
from serving.loadtest.coordinator import run_load_test
from serving.loadtest.result import LoadResult

__all__ = ["Budget", "LoadConfig", "LoadResult", "run_load_test"]
