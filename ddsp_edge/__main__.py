"""``python -m ddsp_edge`` is the same as the command ``ddsp-edge``."""

import sys

from ddsp_edge.cli import main

sys.exit(main())
