"""What the provider is configured with, under the names of the official one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from twinloop.providers.errors import invalid

# Settings of the official provider, pulumi-kubernetes 4.34.2, that this one acts on.
KNOWN: Final = frozenset(
    {"kubeconfig", "context", "cluster", "namespace", "enableServerSideApply", "deleteUnreachable", "version"}
)
# Its settings that change nothing of what is sent.
WITHOUT_EFFECT: Final = frozenset(
    {
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "enableConfigMapMutable",
        "enableSecretMutable",
        "kubeClientSettings",
    }
)
DELETE_UNREACHABLE: Final = "PULUMI_K8S_DELETE_UNREACHABLE"
_TRUE: Final = frozenset({True, "true", "True", "1"})


@dataclass(frozen=True)
class Settings:
    """Which cluster, as whom, and how.

    Attributes:
        kubeconfig: its text; empty where none is given, and then KUBECONFIG's file is read.
        namespace: of objects that name none.
        delete_unreachable: forget objects of a cluster that does not answer any more.
    """

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    delete_unreachable: bool = False

    @classmethod
    def read(cls, config: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
        """From the configuration, else from the environment.

        Raises:
            ProviderError: client-side apply is asked for.
        """
        if config.get("enableServerSideApply", True) not in _TRUE:
            raise invalid(
                "kubernetes:enableServerSideApply is false; this provider applies on the server only: leave "
                "the setting out, or set it to true"
            )
        unreachable = config.get("deleteUnreachable", environment.get(DELETE_UNREACHABLE, ""))
        return cls(
            kubeconfig=str(config.get("kubeconfig") or ""),
            context=str(config.get("context") or ""),
            cluster=str(config.get("cluster") or ""),
            namespace=str(config.get("namespace") or ""),
            delete_unreachable=unreachable in _TRUE,
        )

    def document(self, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
        """The kubeconfig as data, its context chosen.

        Raises:
            ProviderError: there is none, or it cannot be read.
        """
        text, where = self.kubeconfig, "kubernetes:kubeconfig"
        if "\n" not in text and not text.lstrip().startswith("{"):
            path = text or environment.get("KUBECONFIG", "").partition(os.pathsep)[0]
            where = path or "kubernetes:kubeconfig and KUBECONFIG"
            text = _file(path, where)
        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise invalid(f"{where} is not a kubeconfig: it cannot be read as YAML") from error
        if not isinstance(document, dict) or not document.get("clusters"):
            raise invalid(f"{where} is not a kubeconfig: it has no clusters")
        chosen = self.context or document.get("current-context", "")
        known = [one["name"] for one in document.get("contexts") or ()]
        if chosen not in known:
            raise invalid(f"{where}: no context '{chosen}'; there are: {', '.join(known) or 'none'}")
        return {**document, "current-context": chosen}


def _file(path: str, where: str) -> str:
    if not path:
        raise invalid(f"no cluster is named: {where} are not set; give the provider a kubeconfig")
    try:
        return Path(path).expanduser().read_text(encoding="utf-8")
    except OSError as error:
        raise invalid(f"{where}: {error.strerror}; give a kubeconfig, or the path of one") from error
