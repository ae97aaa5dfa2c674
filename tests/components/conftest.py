"""The steps' own source folders on the path, as their commands have them."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for source in sorted((ROOT / "components").glob("*/src")):
    sys.path.insert(0, str(source))
