"""The official CLI, with the pack, refuses what the tool refuses."""

import shutil

import pytest

from tests.stacks.checkouts import REPOSITORY, checkout, platform

__all__ = ["checkout", "platform"]

pytestmark = [
    pytest.mark.pulumi,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the official Pulumi CLI is not on PATH"),
]


def test_the_official_preview_with_the_pack_refuses_what_production_may_not_be(platform):
    shutil.copytree(REPOSITORY / "policies", platform.root / "policies")
    (platform.root / ".venv").symlink_to(REPOSITORY / ".venv")
    shared = platform.root / "Pulumi.shared.yaml"
    shared.write_text(shared.read_text().replace("retentionDays: 180", "retentionDays: 30"))
    done = platform.twinloop(
        "twin", "env", "-s", "shared", "--",
        "pulumi", "preview", "-s", "shared", "--non-interactive", "--policy-pack", "policies",
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "[mandatory]  logs-are-kept" in said
    assert (
        "log-mlp-shared-weu" in said or "logs-workspace keeps logs for 30 days; allowed: 90 and more" in said
    )
