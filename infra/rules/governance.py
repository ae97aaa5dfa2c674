"""What guard rails must hold beside the other settings: no policy denies what the stack itself makes."""

from __future__ import annotations

from collections.abc import Iterator

from infra.sections.taken import TakenImages, TakenVault
from infra.settings import EnvironmentSettings
from infra.stackfile.refusals import Problem, remove_command, set_command

ENCRYPTION = "twinloop:encryption"


def policy_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """A policy that denies is one that the stack's own resources pass."""
    policies = settings.policies
    if policies is None:
        return
    public = settings.network.public_access == "Enabled"
    if policies.workspace_private in {"Deny", "Modify"} and public:
        yield Problem(
            key="twinloop:policies.workspacePrivate",
            given=f"'{policies.workspace_private}' with twinloop:network.publicAccess Enabled",
            allowed="Audit, or a workspace that is private: else the policy forbids this very one",
            next_step=set_command("twinloop:policies.workspacePrivate", "Audit", stack),
        )
    encrypted = settings.encryption is not None and "workspace" in settings.encryption.of
    if policies.workspace_own_key == "Deny" and not encrypted:
        yield Problem(
            key="twinloop:policies.workspaceOwnKey",
            given="'Deny' without workspace in twinloop:encryption.of",
            allowed="Audit, or a workspace with a key of its own: else the policy forbids this very one",
            next_step=set_command("twinloop:policies.workspaceOwnKey", "Audit", stack),
        )


def encryption_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """A key lies in a vault that keeps it, and is used where Azure lets it be used."""
    encryption, vault, images = settings.encryption, settings.vault, settings.images
    if encryption is None:
        return
    if isinstance(vault, TakenVault):
        yield Problem(
            key=ENCRYPTION,
            given=f"the vault is taken: {vault.existing}",
            allowed="a vault that this stack makes: nothing is written into what is taken",
            next_step=remove_command(ENCRYPTION, stack),
        )
    elif not vault.purge_protection:
        yield Problem(
            key="twinloop:vault.purgeProtection",
            given="'false' with twinloop:encryption",
            allowed="true: Azure encrypts with no key that can be purged; it cannot be turned off again",
            next_step=set_command("twinloop:vault.purgeProtection", "true", stack),
        )
    if "images" in encryption.of:
        if isinstance(images, TakenImages):
            yield Problem(
                key=f"{ENCRYPTION}.of",
                given="images, which are taken: how they are encrypted is their owner's",
                allowed="workspace, storage, lake",
                next_step=f"take images out of {ENCRYPTION}.of in Pulumi.{stack}.yaml",
            )
        elif images.sku != "Premium":
            yield Problem(
                key="twinloop:images.sku",
                given=f"'{images.sku}' with images in twinloop:encryption.of",
                allowed="Premium: no other tier of the image registry takes a key",
                next_step=set_command("twinloop:images.sku", "Premium", stack),
            )
    if encryption.mode == "serviceSide" and settings.network.public_access == "Disabled":
        yield Problem(
            key=f"{ENCRYPTION}.mode",
            given="'serviceSide' with twinloop:network.publicAccess Disabled",
            allowed="classic: on its own side Azure ML reaches the key in a public vault only",
            next_step=set_command(f"{ENCRYPTION}.mode", "classic", stack),
        )
