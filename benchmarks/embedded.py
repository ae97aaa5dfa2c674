"""One preview by the embedded engine in a process of its own; called with a folder and its settings."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.pulumi_project import PASSPHRASE


def main(folder: Path, config: dict[str, str]) -> int:
    """Preview the project of `folder`; 0 when it went through."""
    from twinloop import engine
    from twinloop.providers.azure_native.provider import AzureNativeProvider

    outcome = engine.run(
        engine.Operation.PREVIEW,
        engine.Stack(project="bench", name="bench", backend=folder / "backend", passphrase=PASSPHRASE),
        engine.Program(main=folder / "program", config=config, secret_keys=frozenset()),
        lambda _package, _version: AzureNativeProvider(),
        engine.Options(),
        lambda _event: None,
    )
    return 0 if outcome.ok else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), json.loads(sys.argv[2])))
