"""`python -m kbwf`."""

import sys

from kbwf.cli import main

sys.exit(main())
