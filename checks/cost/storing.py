"""What keeps things: storage accounts, image registries, Azure ML registries, vaults."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from checks.catalogue.prices import Meter
from checks.cost.desk import ONE, OPEN, Desk
from checks.cost.model import Item
from checks.cost.reading import number, text, value

ACCOUNTS = "Microsoft.Storage/storageAccounts"
IMAGES = "Microsoft.ContainerRegistry/registries"
VAULTS = "Microsoft.KeyVault/vaults"
KEYS = f"{VAULTS}/keys"
SIMPLE_BITS = 2048
MADE = "made by the service: learn.microsoft.com/azure/machine-learning/how-to-manage-registries"


def account(desk: Desk) -> Iterator[Item]:
    """A storage account: what is stored and written is charged, and no setting bounds it."""
    inputs = desk.resource.inputs
    sku = text(inputs, "sku.name")
    tier, _, copies = sku.partition("_")
    if tier != "Standard" or text(inputs, "kind") != "StorageV2":
        yield desk.unknown(
            f"storage account {sku}", f"no price rule for kind '{text(inputs, 'kind')}', sku '{sku}'"
        )
        return
    layout = " hierarchical" if value(inputs, "isHnsEnabled") else ""
    variant = f"{text(inputs, 'accessTier') or 'Hot'} {copies}{layout}"
    yield from _blobs(desk, variant)


def _blobs(desk: Desk, variant: str, *, hidden: bool = False) -> Iterator[Item]:
    for meter, words in (("stored", "data stored"), ("writes", "write operations")):
        yield desk.by_use(
            f"{words}, {variant}", Meter(arm_type=ACCOUNTS, sku=variant, meter=meter), hidden=hidden
        )


def images(desk: Desk) -> Iterator[Item]:
    """An image registry: a fee per day by its tier, and storage beyond what the tier includes."""
    sku = text(desk.resource.inputs, "sku.name")
    if not sku:
        yield desk.unknown("image registry", OPEN)
        return
    yield from _registry(desk, sku, ONE)


def _registry(
    desk: Desk, sku: str, copies: Decimal, *, hidden: bool = False, note: str = ""
) -> Iterator[Item]:
    fee = Meter(arm_type=IMAGES, sku=sku, meter="registry")
    words = f"image registry {sku}" if copies == ONE else f"image registry {sku} in {copies:f} regions"
    yield desk.charge(words, fee, copies, copies, hidden=hidden, note=note)
    stored = Meter(arm_type=IMAGES, sku=sku, meter="stored beyond the included")
    yield desk.by_use(f"images beyond what {sku} includes", stored, hidden=hidden)


def ml_registry(desk: Desk) -> Iterator[Item]:
    """An Azure ML registry: free itself, but it brings an image registry and a storage account per region."""
    regions = value(desk.resource.inputs, "regionDetails")
    if not isinstance(regions, list) or not regions:
        yield desk.unknown("stores of the Azure ML registry", OPEN, hidden=True)
        return
    found = text(_first(regions[0], "acrDetails"), "systemCreatedAcrAccount.acrAccountSku")
    yield from _registry(desk, found or "Premium", Decimal(len(regions)), hidden=True, note=MADE)
    for place in regions:
        made = value(_first(place, "storageAccountDetails"), "systemCreatedStorageAccount")
        copies = (text(made, "storageAccountType") or "Standard_LRS").partition("_")[2]
        layout = " hierarchical" if value(made, "storageAccountHnsEnabled") else ""
        yield from _blobs(desk, f"Hot {copies}{layout}", hidden=True)


def _first(tree: object, path: str) -> object:
    found = value(tree, path)
    return found[0] if isinstance(found, list) and found else {}


def vault(desk: Desk) -> Iterator[Item]:
    """A key vault: operations are charged; no setting bounds them."""
    sku = text(desk.resource.inputs, "properties.sku.name") or "standard"
    yield desk.by_use(
        f"operations on secrets and keys, {sku}", Meter(arm_type=VAULTS, sku=sku, meter="operations")
    )


def key(desk: Desk) -> Iterator[Item]:
    """A key of a vault: its operations are charged; one that lies in hardware has a fee, too.

    RSA of 2048 bits is the cheap kind; so infracost/infracost@95ba4f4 key_vault_key.go has it.
    """
    settings = value(desk.resource.inputs, "properties")
    kind = text(settings, "kty")
    if not kind:
        yield desk.unknown("key", OPEN)
        return
    simple = kind.partition("-")[0] == "RSA" and number(settings, "keySize") == SIMPLE_BITS
    hardware = " HSM" if kind.endswith("-HSM") else ""
    sku = f"{'simple' if simple else 'advanced'}{hardware}"
    if hardware:
        yield desk.charge(f"key in hardware, {kind}", Meter(arm_type=KEYS, sku=sku, meter="key"), ONE, ONE)
    yield desk.by_use(f"operations with the key, {kind}", Meter(arm_type=KEYS, sku=sku, meter="operations"))
