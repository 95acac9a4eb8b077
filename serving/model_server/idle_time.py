"""Work in the processor time that nothing else wants: the kernel's policy SCHED_IDLE.

To be nice is not enough, as the kernel lets a nice thread end its turn of some milliseconds, in
which a request waits. Nobody may raise a thread again without privileges.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib

logger = logging.getLogger(__name__)


def work_in_idle_time() -> None:
    """Lets this thread, and those that it will start, have what nothing else wants."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError as error:  # Sandboxes may forbid it, or know of no such thing.
        logger.warning("the version is loaded as fast as it can be, beside what answers: %s", error)


def end_in_idle_time(pid: int) -> None:
    """Lets a process of ours, which is about to end, have what nothing else wants.

    Where that is forbidden, or a thread or all have ended already, nothing happens.
    """
    with contextlib.suppress(OSError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                os.sched_setscheduler(int(task.name), os.SCHED_IDLE, os.sched_param(0))
