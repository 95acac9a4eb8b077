"""Work in the processor time that nothing else wants: the kernel's policy SCHED_IDLE.

To be nice is not enough, as the kernel lets a nice thread end its turn of some milliseconds, in
which a request waits. Nobody may raise a thread again without privileges.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from typing import NoReturn

logger = logging.getLogger(__name__)


def wait_for_idle_time() -> None:
    """Lets this thread, and those that it will start, have what nothing else wants."""
    try:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    except OSError as error:  # Sandboxes may forbid it, or know of no such thing.
        logger.warning("the version is loaded as fast as it can be, beside what answers: %s", error)


def end_process() -> NoReturn:
    """Ends this process with exit status 0; its memory is given back in idle time.

    That takes the kernel some 40 ms of a processor for a small model, and the next version has
    just begun to answer. Native threads may still run: nothing of Python is taken down under them.
    """
    own = threading.get_native_id()
    for task in sorted(map(int, os.listdir("/proc/self/task")), key=own.__eq__):  # itself last
        with contextlib.suppress(OSError):  # It has ended, or as above: it just ends.
            os.sched_setscheduler(task, os.SCHED_IDLE, os.sched_param(0))
    os._exit(0)
