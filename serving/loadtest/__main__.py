"""A worker process, started by the coordinator: `python -m serving.loadtest FILE_DESCRIPTOR`."""

import sys
from multiprocessing.connection import Connection

from serving.loadtest.worker import work

if __name__ == "__main__":
    work(Connection(int(sys.argv[1])))
