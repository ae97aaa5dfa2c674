"""What a credential looks like, and every leaf of a state in which one might stand."""

from __future__ import annotations

import re

SEALED = "4dabf18193072939515e22adb298388d"  # marks a special value in Pulumi's state
OF_SECRETS = "1b47061264138c4ac30d75fd1eb44270"  # the mark's value for a secret
CREDENTIALS = {
    "account key": r"AccountKey=[\w+/=]{20}|SharedAccessKey=[\w+/=]{20}",
    "connection string": r"InstrumentationKey=[0-9a-f-]{36}|DefaultEndpointsProtocol=.*Key=",
    "signed link": r"[?&]sig=[\w%+/-]{20}",
    "token": r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "storage key": r"(?<![\w+/])[A-Za-z0-9+/]{86}==(?![\w+/=])",
    "client secret": r"(?<![\w~.-])[A-Za-z0-9_-]{3}8Q~[A-Za-z0-9_~.-]{34}",
    "password in a URL": r"://[^/\s:@]+:[^/\s:@]+@",
}
# Properties that are a credential whatever they look like; the `sslSecret` of Azure ML's extension is the
# name of a Kubernetes secret, and tells nothing of what is in it.
NAMED = re.compile(
    r"(password|(?<!\.configurationSettings\.ssl)secret|token|accountKey|primaryKey|secondaryKey|sharedKey|primarySharedKey|instrumentationKey|"
    r"connectionString|sasUri|sasToken|accessKey)$",
    re.IGNORECASE,
)


def leaves(node, at=""):
    """Every leaf of a state file with its path; what is sealed is one leaf without a value."""
    if isinstance(node, dict):
        if node.get(SEALED) == OF_SECRETS:
            yield at, None
            return
        for key, value in node.items():
            yield from leaves(value, f"{at}.{key}" if at else key)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, f"{at}[{index}]")
    else:
        yield at, node


def credentials(text):
    return [kind for kind, pattern in CREDENTIALS.items() if re.search(pattern, text)]
