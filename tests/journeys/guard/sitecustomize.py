"""Loaded by every Python process of a journey: writes down each foreign host that is asked for."""

import os
import socket
import sys
from pathlib import Path

_RECORD = os.environ.get("TWINLOOP_TEST_LOOKUPS")
_OWN = {None, "", "localhost", "::1", "::", "0.0.0.0", socket.gethostname()}  # noqa: S104 - compared, not bound
_BUSY = []


def _is_own(host):
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    return name in _OWN or str(name).startswith("127.") or str(name).startswith("::ffff:127.")


def _note(event, args):
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    if _is_own(host) or _BUSY:
        return
    _BUSY.append(host)  # what writing the record asks for is not recorded
    try:
        with Path(_RECORD).open("a", encoding="utf-8") as record:
            record.write(f"{event} {host!r} by {sys.argv[:3]}\n")
    finally:
        _BUSY.pop()


if _RECORD:
    sys.addaudithook(_note)
