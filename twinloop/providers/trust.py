"""Connections that read the authorities they trust once: reading a bundle takes longer than the handshake."""

from __future__ import annotations

import ssl
import threading
from functools import cache
from pathlib import Path
from typing import Any

from requests.adapters import HTTPAdapter

_reading = threading.Lock()
_CHECKED = (None, ssl.CERT_REQUIRED, "CERT_REQUIRED")  # None: the pool leaves it to the context


def context(bundle: str) -> ssl.SSLContext:
    """What trusts a bundle of authorities, a file or a folder, as it is now; names are checked.

    Raises:
        OSError: it cannot be read, or is none (`ssl.SSLError`).
    """
    with _reading:  # the first connections are opened at once, by many threads
        return _read(bundle, Path(bundle).stat().st_mtime_ns)


@cache
def _read(bundle: str, _written: int) -> ssl.SSLContext:
    from urllib3.util import create_urllib3_context

    made = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    folder = Path(bundle).is_dir()
    made.load_verify_locations(cafile=None if folder else bundle, capath=bundle if folder else None)
    return made


def share(pool: dict[str, Any]) -> dict[str, Any]:
    """Arguments of urllib3's pools: one context in the place of a bundle that each connection reads.

    A pool that checks less keeps its own: urllib3 writes into a context what is not to be checked.
    """
    bundle = pool.get("ca_certs") or pool.get("ca_cert_dir")
    checks_all = pool.get("cert_reqs") in _CHECKED and pool.get("assert_hostname") is None
    if not bundle or not checks_all:
        return pool
    rest = {key: value for key, value in pool.items() if key not in {"ca_certs", "ca_cert_dir"}}
    return {**rest, "ssl_context": context(str(bundle))}


class TrustOnce(HTTPAdapter):
    """An adapter of requests whose connections share one context."""

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Where to connect, and how: the way that requests names for a context of one's own."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, share(pool)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the bundle to the context; requests would name it to each connection again."""
        super().cert_verify(conn, url, verify, cert)
        if conn.conn_kw.get("ssl_context") is not None:
            conn.ca_certs = conn.ca_cert_dir = None
