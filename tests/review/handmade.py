"""Reviews made by hand: one of each thing that a page shows, and hostile or large ones."""

from __future__ import annotations

from decimal import Decimal

from checks.access import AccessChange
from checks.cost import Estimate, Item
from checks.exposure import ExposureChange
from checks.findings import Finding
from checks.plan import Change, Difference, Resource, StackPlan
from checks.quota import QuotaUse
from twinloop.review.model import Place, Review, Side, StackReview

BASE = Side(what="commit", name="a" * 40, ref="main", at="2026-11-01T10:00:00Z", environment="its own lock")
HEAD = Side(what="working tree", name="working tree on " + "b" * 10, at="2026-11-02T10:00:00Z")
LIVE = Side(what="live state", name="Azure subscription 3f0c", at="2026-11-02T10:00:00Z")


def urn(stack, kind, name):
    return f"urn:pulumi:{stack}::twinloop::twinloop:infra:Lake$azure-native:{kind}::{name}"


def resource(name="lake", *, stack="dev", kind="storage:StorageAccount", **given):
    at = f"/subscriptions/3f0c/resourceGroups/rg-mlp-{stack}-weu/providers/Microsoft.X/{kind}/{name}"
    facts = {"urn": urn(stack, kind, name), "id": at}
    return Resource(stack=stack, type=f"azure-native:{kind}", name=name, **(facts | given))


def change(op, one, *differences):
    before = None if op == "create" else one
    after = None if op == "delete" else one
    return Change(op=op, before=before, after=after, differences=differences)


def stack_review(stack="dev", *, changes=(), before=(), after=(), **given):
    plan = StackPlan(
        stack=stack,
        before=tuple(one.before for one in changes if one.before),
        after=tuple(one.after for one in changes if one.after),
        changes=tuple(changes),
    )
    return StackReview(
        stack=stack,
        environment=stack,
        plan=plan,
        cost_before=Estimate(items=tuple(before)),
        cost_after=Estimate(items=tuple(after)),
        **given,
    )


def review(*stacks, base=BASE, head=HEAD):
    return Review(base=base, head=head, stacks=stacks, digest="d" * 64)


def cost(one, at_rest, at_worst, **given):
    facts = {
        "what": "4 nodes Standard_DS3_v2",
        "basis": "4 x 730 h x 0.31 USD",
        "source": "price list",
        "as_of": "2026-11-01",
        "at_rest": at_rest and Decimal(at_rest),
        "at_worst": at_worst and Decimal(at_worst),
    }
    return Item(stack=one.stack, resource=one.urn, **(facts | given))


def finding(severity="refuse", one=None, **given):
    facts = {
        "rule": "one-way-property",
        "what": "`isolationMode` goes from AllowOnlyApprovedOutbound to Disabled.",
        "why": "Azure takes no way back.",
        "fix": "Make a new workspace.",
        "source": "a page of Azure's",
    }
    return Finding(severity=severity, stack=one.stack, resource=one.urn, **(facts | given))


def rich(stack="dev"):
    """A stack with one of everything."""
    lake, cluster = (
        resource(stack=stack),
        resource("cpu", stack=stack, kind="machinelearningservices:Compute"),
    )
    gone, made = resource("old", stack=stack, kind="keyvault:Vault"), resource("new", stack=stack)
    return stack_review(
        stack,
        changes=(
            change(
                "replace", lake, Difference(path="kind", before="Storage", after="StorageV2", replaces=True)
            ),
            change(
                "update",
                cluster,
                Difference(path="properties.scaleSettings.maxNodeCount", before=4, after=40),
                Difference(path="properties.tags.owner", before=None, after="ml-platform@example.com"),
                Difference(path="properties.description", before="x" * 400, after=None),
            ),
            change("delete", gone),
            change("create", made),
            change("same", resource("still", stack=stack)),
        ),
        before=(cost(cluster, "0", "900.5"),),
        after=(
            cost(cluster, "0", "9005", what="40 nodes Standard_DS3_v2"),
            cost(made, None, None, source="", as_of="", basis="no price in the table"),
            cost(lake, "912", "912", hidden=True, what="a firewall, by an FQDN rule", region="westeurope"),
        ),
        access=(
            access(what="read blobs", risks=("read data",), urn=made.urn, by=f"Reader by {made.urn}"),
            access(principal="auditors", gained=False, where="group", what="read costs", data=False),
        ),
        exposure=(
            exposure(lake, what="answers the public internet", by="publicNetworkAccess: Enabled"),
            exposure(gone, opened=False, what="shared keys", by="allowSharedKeyAccess: false"),
        ),
        quota=(quota(cluster),),
        findings=(
            finding("refuse", lake, copied='  twinloop:waivers:\n    - until: "2026-12-05"\n'),
            finding("warn", cluster, rule="much-bigger", what="Ten times as many nodes."),
            finding("note", made, rule="new", what="It is new."),
        ),
        places={
            lake.urn: Place(file="Pulumi.dev.yaml", line=31),
            cluster.urn: Place(file="infra/a,b:c.py", line=2),
        },
        notes=("2 secrets could not be read; placeholders stand for them.",),
    )


def access(**given):
    facts = {
        "principal": "data-scientists",
        "gained": True,
        "where": "container stmlpdevweulake1a2b/curated",
        "what": "read blobs",
        "actions": ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",),
        "data": True,
        "by": "Storage Blob Data Reader",
    }
    return AccessChange(**(facts | given))


def exposure(one, **given):
    return ExposureChange(**({"resource": one.urn, "opened": True} | given))


def quota(one, **given):
    facts = {
        "subscription": "3f0c",
        "location": "westeurope",
        "family": "standardDSv2Family",
        "before": 16,
        "after": 160,
        "limit": 24,
        "resources": (one.urn,),
    }
    return QuotaUse(**(facts | given))


FRAMES = ("Lake", "Workspace", "Access", "Network", "Clusters", "Diagnostics", "Vault", "Images")
KINDS = ("storage:StorageAccount", "authorization:RoleAssignment", "network:Subnet", "keyvault:Vault")


def large(stack, *, resources=110, every=3):
    """As many resources as a real stack has, in its components, one in `every` of them changed."""
    changes = []
    for at in range(resources):
        frame, kind = FRAMES[at % len(FRAMES)], KINDS[at % len(KINDS)]
        needed = (changes[at // 2].resource.urn,) if at else ()
        one = resource(
            f"{frame.lower()}-part-{at}",
            stack=stack,
            kind=kind,
            parent=f"urn:pulumi:{stack}::twinloop::twinloop:infra:{frame}::{frame.lower()}",
            depends_on=needed,
        )
        op = ("create", "update", "replace", "delete")[at // every % 4] if at % every == 0 else "same"
        changed = Difference(
            path="properties.sku.name", before="Standard_LRS", after="Standard_ZRS", replaces=op == "replace"
        )
        changes.append(change(op, one, *([changed] if op in {"update", "replace"} else [])))
    return stack_review(
        stack,
        changes=changes,
        after=[cost(found.resource, "1.5", "20") for found in changes],
        access=[access(principal=f"group-{at}") for at in range(12)],
    )
