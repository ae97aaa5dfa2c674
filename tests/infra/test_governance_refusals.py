"""What settings of guard rails refuse: each with the key, what is allowed, and what to type next."""
# ruff: noqa: E501 - a table is read by its rows

from __future__ import annotations

import pytest

from tests.infra.test_settings_refusals import change, refusals

KEY = {"of": ["workspace"], "mode": "serviceSide"}
CLASSIC = {"of": ["workspace"]}
EXPORT = {"recurrence": "Daily", "since": "2026-12-01", "until": "2036-12-01"}
GITHUB = {"github": {"repository": "example/platform"}}
DEVOPS = {"issuer": "https://tokens.example.com/x", "organization": "contoso", "project": "ml"}

ONE = [
    # stack, path, given; key, part of what is said, part of the next step
    ("shared", "ci", {}, "twinloop:ci", "github or azureDevOps", "edit"),
    ("shared", "ci", {"github": {"repository": "platform"}}, "twinloop:ci.github.repository", "'platform'", "example/platform"),
    ("shared", "ci", {"github": {"repository": "example/*"}}, "twinloop:ci.github.repository", "'example/*'", "example/platform"),
    ("shared", "ci", {"azureDevOps": DEVOPS}, "twinloop:ci.azureDevOps.issuer", "tokens.example.com", "vstoken.dev.azure.com"),
    ("shared", "ci", GITHUB | {"gitlab": {}}, "twinloop:ci.gitlab", "is not a known key; allowed: github, azureDevOps", "config rm"),
    ("shared", "images", {"sku": "Standard", "zoneRedundant": False, "publicAccess": "Disabled"}, "twinloop:images", "sku Premium with publicAccess Disabled", "edit"),
    ("dev", "images", {"existing": "share"}, "twinloop:images.existing", "'share'", "config set"),
    ("dev", "policies.workspacePrivate", "Forbid", "twinloop:policies.workspacePrivate", "'Audit', 'Deny' or 'Modify'", "Deny"),
    ("dev", "policies.workspacePrivate", "Deny", "twinloop:policies.workspacePrivate", "publicAccess Enabled", "Audit"),
    ("dev", "policies.workspacePrivate", "Modify", "twinloop:policies.workspacePrivate", "the policy forbids this very one", "Audit"),
    ("prod", "policies.workspaceOwnKey", "Deny", "twinloop:policies.workspaceOwnKey", "without workspace in twinloop:encryption.of", "Audit"),
    ("dev", "policies.workspacePrivateLink", "Deny", "twinloop:policies.workspacePrivateLink", "'Deny'", "Audit"),
    ("dev", "policies.workspaceLogs", "Deploy", "twinloop:policies.workspaceLogs", "'AuditIfNotExists' or 'DeployIfNotExists'", "AuditIfNotExists"),
    ("dev", "policies.tags", "Deny", "twinloop:policies.tags", "is not a known key", "config rm"),
    ("dev", "encryption", KEY, "twinloop:vault.purgeProtection", "no key that can be purged", "true"),
    ("prod", "encryption", KEY, "twinloop:encryption.mode", "in a public vault only", "classic"),
    ("prod", "encryption", CLASSIC, "twinloop:encryption", "cosmosPrincipalId with workspace in mode classic", "edit"),
    ("prod", "encryption", {"of": ["storage"], "cosmosPrincipalId": "c05e0000-0000-4000-8000-00000000c05e"}, "twinloop:encryption", "no cosmosPrincipalId unless", "edit"),
    ("prod", "encryption", {"of": ["storage", "storage"]}, "twinloop:encryption", "each of workspace, storage, lake, images once", "edit"),
    ("prod", "encryption", {"of": ["disks"]}, "twinloop:encryption.of[0]", "'disks'", "storage"),
    ("prod", "encryption", {"of": []}, "twinloop:encryption", "at least one of workspace, storage, lake, images", "edit"),
    ("prod", "encryption", {"of": ["lake"], "keyBits": 1024}, "twinloop:encryption.keyBits", "1024", "3072"),
    ("dev", "encryption", {"of": ["images"]}, "twinloop:images.sku", "no other tier of the image registry takes a key", "Premium"),
    ("prod", "snapshots.retentionDays", 0, "twinloop:snapshots.retentionDays", "at least 1", "365"),
    ("prod", "snapshots.retentionDays", 146001, "twinloop:snapshots.retentionDays", "at most 146,000", "365"),
    ("dev", "tombstones.vault", "keep", "twinloop:tombstones.vault", "'purge', 'recover' or 'refuse'", "refuse"),
    ("dev", "tombstones.workspace", "recover", "twinloop:tombstones.workspace", "'purge' or 'refuse'", "refuse"),
    ("dev", "costExport", EXPORT | {"recurrence": "Hourly"}, "twinloop:costExport.recurrence", "'Hourly'", "Daily"),
    ("dev", "costExport", EXPORT | {"folder": "a/b"}, "twinloop:costExport.folder", "'a/b'", "config set"),
]  # fmt: skip


@pytest.mark.parametrize("case", ONE, ids=[f"{case[1]}={str(case[2])[:40]}" for case in ONE])
def test_one_wrong_guard_rail_is_refused_with_what_is_allowed_and_what_to_type(case, config):
    stack, path, value, key, said, then = case
    found = refusals(change(config(stack), path, value), stack)
    problems = [problem for problem in found if problem.key == key]
    assert problems, f"nothing said of {key}: {[str(one) for one in found]}"
    assert any(said in str(problem) and then in problem.next_step for problem in problems), (
        f"{problems[0]} | {problems[0].next_step}"
    )
