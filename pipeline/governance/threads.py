"""How many threads gradient-boosted trees use."""

from __future__ import annotations

from threadpoolctl import threadpool_limits


def one_thread() -> threadpool_limits:
    """Where trees use one thread: on a busy machine they wait for one another's for minutes."""
    return threadpool_limits(1, "openmp")
