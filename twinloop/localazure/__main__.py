"""`python -m twinloop.localazure --home DIR`: the local Azure as a process."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.process import CannotServe, Settings, run


def main(argv: Sequence[str] | None = None) -> int:
    """Serve; 0 after a clean end, 1 with a sentence on stderr if it cannot begin."""
    parser = argparse.ArgumentParser(prog="python -m twinloop.localazure", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the twin's state")
    parser.add_argument("--https-port", type=int, help="default: the home's, chosen once")
    parser.add_argument("--http-port", type=int, help="default: the home's, chosen once")
    parser.add_argument(
        "--idle-seconds", type=float, default=7200.0, help="stop after so long without a request"
    )
    parser.add_argument(
        "--manual-clock", action="store_true", help="let POST /_twin/clock move time (for tests)"
    )
    args = parser.parse_args(argv)
    settings = Settings(args.home, args.https_port, args.http_port, args.idle_seconds, args.manual_clock)
    try:
        run(settings)
    except (CannotServe, ArmError) as error:
        sys.stderr.write(f"twin: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
