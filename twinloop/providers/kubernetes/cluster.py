"""The connection to one cluster: where it is, whether it may be spoken to, and as whom."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import grpc

from twinloop.providers.azure_native.cloud import credential
from twinloop.providers.errors import ProviderError, invalid
from twinloop.providers.kubernetes.settings import DELETE_UNREACHABLE, Settings

if TYPE_CHECKING:
    from kubernetes.dynamic import DynamicClient

# Of every AKS cluster with Entra: https://azure.github.io/kubelogin/concepts/aks.html
SERVER_ID: Final = "6dae42f8-4368-4678-94ff-3960e28e3630"
# host:port of an API server of this machine that tests may write to, beside the twin's clusters
ALLOWED: Final = "TWINLOOP_KUBERNETES_ALLOW"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_KUBELOGIN: Final = frozenset({"kubelogin", "kubelogin.exe"})
_FRESH: Final = 60.0  # seconds before its end that a token is not used any more


class Cluster:
    """One cluster, connected to when it is first needed. Thread safe.

    Args:
        settings: which one.
        environment: of the process: who one is, what a twin is.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
        self.settings = settings
        self._environment = environment
        self._lock, self._signing = threading.Lock(), threading.Lock()
        self._token: tuple[str, float] = ("", 0.0)

    @cached_property
    def client(self) -> DynamicClient:
        """The official client.

        Raises:
            ProviderError: the kubeconfig cannot be used, or names a cluster that is not the twin's.
        """
        with self._lock:
            return self._connect()

    @property
    def server(self) -> str:
        """The address that the kubeconfig names."""
        return str(_named(self.document, "clusters", "cluster")["server"])

    @cached_property
    def document(self) -> dict[str, Any]:
        """The kubeconfig."""
        return self.settings.document(self._environment)

    def _connect(self) -> DynamicClient:
        import kubernetes
        from kubernetes.dynamic import DynamicClient

        from twinloop.providers.trust import share

        self._refuse_strangers()
        document, user = self.document, _named(self.document, "users", "user")
        entra = _is_kubelogin(user)
        if entra:
            document = {**document, "users": [{"name": _user_of(document), "user": {}}]}
        configuration = kubernetes.client.Configuration()
        configuration.retries = 2
        kubernetes.config.load_kube_config_from_dict(  # type: ignore[no-untyped-call]
            document, client_configuration=configuration, persist_config=False, temp_file_path=None
        )
        if entra:
            self._sign(configuration)
            configuration.refresh_api_key_hook = self._sign  # type: ignore[assignment]
        bundle = self._environment.get("SSL_CERT_FILE") or self._environment.get("REQUESTS_CA_BUNDLE")
        if bundle and configuration.ssl_ca_cert is None:
            configuration.ssl_ca_cert = bundle
        client = kubernetes.client.ApiClient(configuration)
        pools = client.rest_client.pool_manager
        pools.connection_pool_kw = share(pools.connection_pool_kw)
        try:
            # What is served is asked for anew each time: a cache in a file would outlive the cluster.
            with tempfile.TemporaryDirectory() as folder:
                return DynamicClient(  # type: ignore[no-untyped-call]
                    client, cache_file=str(Path(folder) / "discovered")
                )
        except Exception as error:
            raise unreachable(self.server, error) from error

    def _refuse_strangers(self) -> None:
        """Nothing is sent to a cluster that is neither the twin's nor allowed by name.

        Raises:
            ProviderError: it is another one.
        """
        place = urlsplit(self.server)
        twin = self._environment.get("ARM_METADATA_HOSTNAME", "")
        of_twin = bool(twin) and place.netloc == twin and place.path.startswith("/kubernetes/")
        allowed = (
            place.netloc in self._environment.get(ALLOWED, "").split(",") and place.hostname in _LOOPBACK
        )
        if not (of_twin or allowed):
            raise ProviderError(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"{self.server} is not a cluster of the twin ({twin or 'ARM_METADATA_HOSTNAME is not set'}): "
                "refused, nothing was sent; for a cluster on Azure use the official CLI and plugins: "
                "twinloop up --cloud azure; for a test API server on this machine set "
                f"{ALLOWED}={place.netloc}",
            )

    def _sign(self, configuration: Any) -> None:
        """Give each request a token that still holds."""
        with self._signing:
            token, until = self._token
            if time.time() > until - _FRESH:
                made = credential().get_token(f"{SERVER_ID}/.default")
                token, until = self._token = (made.token, float(made.expires_on))
        configuration.api_key = {"authorization": f"Bearer {token}"}


def unreachable(server: str, error: Exception) -> ProviderError:
    """The cluster does not answer, or refuses; what to do about it."""
    status, words = getattr(error, "status", None), getattr(error, "body", None) or str(error)
    if status in {401, 403}:
        return ProviderError(
            grpc.StatusCode.PERMISSION_DENIED, f"the cluster at {server} does not let you in: {words}"
        )
    return ProviderError(
        grpc.StatusCode.UNAVAILABLE,
        f"the cluster at {server} does not answer: {words}. If it was deleted, its objects are gone with it: "
        f"set {DELETE_UNREACHABLE}=true and run the same command again, which forgets them; if it is "
        "private, run where its network can be reached",
    )


def _named(document: Mapping[str, Any], plural: str, key: str) -> Mapping[str, Any]:
    context = _context(document)
    name = context[key]
    found = next((one.get(key) for one in document.get(plural) or () if one["name"] == name), None)
    if found is None:
        raise invalid(f"the kubeconfig has no {key} '{name}', which its context names")
    return dict(found)


def _context(document: Mapping[str, Any]) -> Mapping[str, Any]:
    chosen = document["current-context"]
    return next(dict(one["context"]) for one in document["contexts"] if one["name"] == chosen)


def _user_of(document: Mapping[str, Any]) -> str:
    return str(_context(document)["user"])


def _is_kubelogin(user: Mapping[str, Any]) -> bool:
    """Whether Entra says who one is, as AKS' kubeconfigs have it; its token is fetched in process."""
    command = str((user.get("exec") or {}).get("command", ""))
    return os.path.basename(command) in _KUBELOGIN or "auth-provider" in user  # noqa: PTH119 - a bare name too
