"""``python -m ddsp_edge``."""

import sys

from ddsp_edge.cli import main

sys.exit(main())
