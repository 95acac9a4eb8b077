"""`python -m pipeline.cli` is `emporium`."""

import sys

from pipeline.cli import main

sys.exit(main())
