"""A copy of the project whose dev stack carries planted secrets, brought up whole on a twin and watched.

In it, dev takes the shared registry of images; staging and prod have their own, as they are shipped.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from twinloop.engine.passphrase import Crypter

ROOT = Path(__file__).resolve().parents[2]
PROC = Path("/proc")
STACKS = ("shared", "dev", "staging", "prod")
PASSPHRASE = "of-the-team-4f1d9a77"
WORD = "planted-in-the-settings-7c0e51b2"
KEY = base64.b64encode(b"planted storage key, 64 bytes long as Azure's own keys are, so!!").decode()
PAGES = 80  # enough for every page that the home page leads to

# What an engineer might add: a secret setting, handed out as an output and given to a datastore.
MORE = """
import pulumi
from pulumi_azure_native import machinelearningservices as ml

planted = pulumi.Config("planted")
word, key = planted.get_secret("word"), planted.get_secret("key")
if word is not None and key is not None:
    pulumi.export("plantedWord", word)
    account = contract.lake_account_id.apply(lambda one: one.rpartition("/")[2])
    text = pulumi.Output.format("DefaultEndpointsProtocol=https;AccountName={0};AccountKey={1}", account, key)
    pulumi.export("plantedConnection", text)
    ml.Datastore(
        "planted",
        name="planted",
        resource_group_name=contract.resource_group,
        workspace_name=contract.workspace_name,
        properties=ml.AzureBlobDatastoreArgs(
            datastore_type="AzureBlob",
            account_name=account,
            container_name=contract.datastore_names["curated"],
            credentials=ml.AccountKeyDatastoreCredentialsArgs(
                credentials_type="AccountKey",
                secrets=ml.AccountKeyDatastoreSecretsArgs(secrets_type="AccountKey", key=key),
            ),
        ),
    )
"""


SHARED_IMAGES = {
    "sku": "Premium",
    "zoneRedundant": False,
    "publicAccess": "Enabled",
    "allowedNetworks": ["203.0.113.0/24"],
}
TO_IMAGES = {
    "type": "privateEndpoint",
    "name": "images",
    "target": "images",
    "subresource": "registry",
    "reason": "nodes pull images, and come from addresses of Azure",
}


@dataclass
class Planted:
    """The copy, its home, and everything that was said and started while it was used."""

    root: Path
    home: Path
    said: list[str] = field(default_factory=list)
    argvs: set[bytes] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)

    def twinloop(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command line; its stdout and stderr are kept, and every process is looked at meanwhile."""
        left = ("ARM_", "AZURE", "PULUMI_", "TWINLOOP_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(left)}
        process = subprocess.Popen(
            [sys.executable, "-m", "twinloop", *words],
            cwd=self.root,
            env=kept | {"TWINLOOP_HOME": str(self.home), "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        ended = threading.Event()
        looking = threading.Thread(target=self._watch, args=(ended,))
        looking.start()
        out, err = process.communicate(timeout=170)
        ended.set()
        looking.join()
        self.said += [out, err]
        assert process.returncode in codes, f"{words}: {process.returncode}\n{err}\n{out}"
        return out

    def state(self, stack: str) -> dict[str, Any]:
        """The state file of a stack, as it lies there."""
        (path,) = (self.home / "state").rglob(f"stacks/**/{stack}.json")
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def look_at_pages(self) -> None:
        """Read every page of the twin that its home page leads to, as the one who sees the most."""
        link = json.loads(self.twinloop("studio", "--no-browser", "--json"))["result"]["url"]
        trust = ssl.create_default_context(cafile=str(self.home / "ca.pem"))
        with httpx.Client(verify=trust, trust_env=False, timeout=60, follow_redirects=True) as client:
            first = client.get(link)
            ahead, base = [str(first.url)], first.url
            while ahead and len(self.pages) < PAGES:
                address = ahead.pop(0)
                if address in self.pages:
                    continue
                self.pages[address] = client.get(address).text
                found = re.findall(r'href="(/studio[^"#]*)"', self.pages[address])
                ahead += [str(base.join(one.replace("&amp;", "&"))) for one in found if "mlflow" not in one]

    def files(self) -> list[Path]:
        """Every file of the home and of the copy."""
        return [
            path
            for place in (self.home, self.root)
            for path in place.rglob("*")
            if path.is_file() and not path.is_symlink()
        ]

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(0.15):
            for process in PROC.iterdir() if PROC.exists() else ():
                if process.name.isdigit():
                    try:
                        self.argvs.add((process / "cmdline").read_bytes())
                    except OSError:
                        continue


def forms(secret: str) -> tuple[bytes, ...]:
    """A secret as it might be written: plain, for a URL, inside JSON, and encoded once more."""
    return tuple(
        {
            secret.encode(),
            quote(secret, safe="").encode(),
            json.dumps(secret)[1:-1].encode(),
            base64.b64encode(secret.encode()).rstrip(b"="),
        }
    )


def project(root: Path) -> None:
    """Copy the program and the stack files, plant the secrets in dev, and let it take the shared images."""
    root.mkdir(parents=True)
    for file in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(file, root)
    shutil.copytree(ROOT / "infra", root / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    main = root / "infra" / "__main__.py"
    text = main.read_text()
    told = "build(settings).export(secrets)"
    assert told in text
    main.write_text(text.replace(told, f"contract = build(settings)\ncontract.export(secrets)\n{MORE}"))
    file = root / "Pulumi.dev.yaml"
    crypter = Crypter.fresh(PASSPHRASE, "dev")
    content = yaml.safe_load(file.read_text())
    content["config"] |= {
        "planted:word": {"secure": crypter.seal(WORD)},
        "planted:key": {"secure": crypter.seal(KEY)},
    }
    content["encryptionsalt"] = crypter.salt_line
    content["config"]["twinloop:images"] = {"existing": "shared"}
    content["config"]["twinloop:managedNetwork"]["outboundRules"].append(TO_IMAGES)
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    file = root / "Pulumi.shared.yaml"
    content = yaml.safe_load(file.read_text())
    content["config"]["twinloop:images"] = SHARED_IMAGES
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    by = ("-c", "user.name=t", "-c", "user.email=t@t.example")
    for words in (("init", "-q"), ("add", "."), (*by, "commit", "-qm", "as it stands")):
        subprocess.run(["git", *words], cwd=root, check=True)
