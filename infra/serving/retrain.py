"""The retrain handler: a workflow that takes drift events from its queue and submits one training for them.

It holds no secret: it reads the queue and submits the job by its own identity, with a role of our own that
submits and does nothing else. It takes one message at a time and deletes it after the job was accepted, so
that a failure leaves the event for the next look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import authorization, logic

from infra.naming import Names
from infra.rights.access import role_definition, taken_role
from infra.rights.table import Role
from infra.sections.events import Retrain as RetrainSettings
from infra.serving.runs import pipeline_body

SCHEMA = (
    "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/"
    "workflowdefinition.json#"
)
STORAGE, ARM = "https://storage.azure.com/", "https://management.azure.com/"
QUEUE_VERSION = "2021-12-02"  # of the queue's own protocol, which takes Entra tokens since 2017-11-09
ML_VERSION = "2025-12-01"
INVISIBLE = 300  # seconds that a message is nobody else's while it is worked on
MESSAGE = "xpath(xml(body('take')), 'string(//{})')"


@dataclass(frozen=True, kw_only=True)
class RetrainArgs:
    """What is run, and from which queue."""

    resource_group: pulumi.Input[str]
    location: str
    settings: RetrainSettings
    queue: str
    registry: str
    names: Names
    tags: dict[str, str]


class Retrain(pulumi.ComponentResource):
    """The workflow, and the role that its identity gets: made here, or taken."""

    workflow: logic.Workflow
    role: authorization.RoleDefinition

    def __init__(self, name: str, args: RetrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Retrain", name, None, opts)
        names = args.names
        self.role = taken_role("retrain-submitter", names) or authorization.RoleDefinition(
            f"{name}-role",
            role_definition(Role.RETRAIN_SUBMITTER, names),
            pulumi.ResourceOptions(parent=self),
        )
        self.workflow = logic.Workflow(
            f"{name}-workflow",
            workflow_name=names.physical("workflow", "retrain"),
            resource_group_name=args.resource_group,
            location=args.location,
            identity=logic.ManagedServiceIdentityArgs(type=logic.ManagedServiceIdentityType.SYSTEM_ASSIGNED),
            state=logic.WorkflowState.ENABLED,
            definition=definition(args),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    @property
    def principal_id(self) -> pulumi.Output[str]:
        """Object id of the workflow's own identity."""
        return self.workflow.identity.apply(_principal)


def definition(args: RetrainArgs) -> dict[str, Any]:
    """The workflow: look into the queue, submit the job, delete the message."""
    names = args.names
    queue = f"https://{names.storage}.queue.core.windows.net/{args.queue}/messages"
    job = f"{ARM.rstrip('/')}{names.workspace_id}/jobs/"
    taken, receipt = MESSAGE.format("MessageId"), MESSAGE.format("PopReceipt")
    # The message's id is the job's name: an event that is delivered or read twice starts one training.
    submit = _call("PUT", f"{job}retrain-@{{{taken}}}?api-version={ML_VERSION}", ARM)
    submit["inputs"]["body"] = {"properties": pipeline_body(args.settings.run, names, args.registry)}
    delete = _call("DELETE", f"{queue}/@{{{taken}}}?popreceipt=@{{encodeUriComponent({receipt})}}", STORAGE)
    delete["runAfter"] = {"submit": ["Succeeded"]}
    take = _call("GET", f"{queue}?numofmessages=1&visibilitytimeout={INVISIBLE}", STORAGE)
    return {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "triggers": {
            "look": {
                "type": "Recurrence",
                "recurrence": {"frequency": "Minute", "interval": args.settings.every_minutes},
            }
        },
        "actions": {
            "take": take | {"runAfter": {}},
            "when-there-is-one": {
                "type": "If",
                "expression": {"not": {"equals": [f"@{taken}", ""]}},
                "actions": {"submit": submit | {"runAfter": {}}, "delete": delete},
                "runAfter": {"take": ["Succeeded"]},
            },
        },
        "outputs": {},
    }


def _call(method: str, uri: str, audience: str) -> dict[str, Any]:
    headers = {"x-ms-version": QUEUE_VERSION} if audience == STORAGE else {"Content-Type": "application/json"}
    return {
        "type": "Http",
        "inputs": {
            "method": method,
            "uri": uri,
            "headers": headers,
            "authentication": {"type": "ManagedServiceIdentity", "audience": audience},
        },
    }


def _principal(identity: logic.outputs.ManagedServiceIdentityResponse | None) -> str:
    return identity.principal_id or "" if identity else ""
