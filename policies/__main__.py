"""Entry of the policy pack: `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

# The pack is run as a folder, wherever that is; its files import each other, and `checks`, from beside it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policies.pack import serve

serve()
