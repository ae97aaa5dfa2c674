"""`python -m twinloop`: the same command line as the `twinloop` script."""

import sys

from twinloop.cli.app import main

sys.exit(main())
