"""Step `register_model`: obey the verdict, register once, write down what stands now."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from register_model.content import fingerprint
from register_model.registry import FINGERPRINT, job_facts, register, versions, workspace_client

if TYPE_CHECKING:
    from azure.ai.ml import MLClient


SAMPLE, OVERRULE = "TWINLOOP_SAMPLE", "TWINLOOP_REGISTER_SAMPLE"


@dataclass(frozen=True)
class Sample:
    """A part of the data, as whoever submitted the job says in variables of the step."""

    amount: str  # "100" rows, or "5%"
    register: bool  # all the same

    @classmethod
    def told(cls, variables: Mapping[str, str]) -> "Sample | None":
        """The sample that the variables tell of; None for the whole data."""
        amount = variables.get(SAMPLE, "")
        return cls(amount, variables.get(OVERRULE, "").lower() == "yes") if amount else None


def lineage(profile: dict[str, Any], report: dict[str, Any], facts: dict[str, str]) -> dict[str, str]:
    """Tags that lead from the model back to its job, data, code and scores."""
    scores = {f"test_{name}": f"{score['value']:.6f}" for name, score in report["candidate"].items()}
    interval = report["candidate"]["roc_auc"]
    return {
        **facts,
        "data_sha256": profile["rawSha256"],
        "data_rows": str(profile["rows"]),
        "split_seed": str(profile["splitSeed"]),
        **scores,
        "test_roc_auc_interval": f"{interval['low']:.6f} to {interval['high']:.6f}",
        "promoted_because": report["verdict"]["reason"],
    }


def settle(
    client: "MLClient",
    *,
    name: str,
    model: Path,
    profile: dict[str, Any],
    report: dict[str, Any],
    sample: Sample | None = None,
) -> dict[str, Any]:
    """Register the candidate if the verdict says so, its content is new, and it saw the whole data.

    Args:
        client: on the workspace.
        name: to register under.
        model: folder of the candidate.
        profile: of the data.
        report: scores and verdict.
        sample: how much of the data it saw; None for all of it.

    Returns:
        {registered, name, version, reason}; version is the one that stands afterwards, None if there is none.
    """
    content = fingerprint(model)
    present = versions(client, name)
    standing = str(present[0].version) if present else None
    same = next((m for m in present if (m.tags or {}).get(FINGERPRINT) == content), None)
    if same is not None:
        reason = f"its content is already registered as version {same.version}"
        return {"registered": False, "name": name, "version": standing, "reason": reason}
    if not report["verdict"]["promote"]:
        return {"registered": False, "name": name, "version": standing, "reason": report["verdict"]["reason"]}
    if sample and not sample.register:
        reason = (
            f"it saw a sample of the data only ({sample.amount}); {OVERRULE}=yes registers it all the same"
        )
        return {"registered": False, "name": name, "version": standing, "reason": reason}
    told = {"sample": sample.amount} if sample else {}
    tags = {FINGERPRINT: content, **told, **lineage(profile, report, job_facts(client))}
    made = register(client, name, model, f"Registered because {report['verdict']['reason']}.", tags)
    return {
        "registered": True,
        "name": name,
        "version": str(made.version),
        "reason": report["verdict"]["reason"],
    }


def main() -> int:
    """Run the step as its component's command does."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # a log is no terminal
    parser = argparse.ArgumentParser(prog="register_model", description=__doc__)
    for option in ("--model", "--profile", "--report", "--registration"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--model-name", required=True)
    given = parser.parse_args()
    result = settle(
        workspace_client(),
        name=given.model_name,
        model=given.model,
        profile=json.loads((given.profile / "profile.json").read_text(encoding="utf-8")),
        report=json.loads((given.report / "evaluation.json").read_text(encoding="utf-8")),
        sample=Sample.told(os.environ),
    )
    given.registration.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1)
    (given.registration / "registration.json").write_text(text + "\n", encoding="utf-8")
    if result["registered"]:
        print(f"registered {result['name']} version {result['version']}: {result['reason']}")
    else:
        print(f"registered nothing: {result['reason']}")
        print(f"{result['name']} stays at version {result['version'] or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
