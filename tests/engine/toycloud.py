"""A small cloud on disk and its Pulumi provider: one file per thing, to compare cloud and state.

Types: `toy:index:Thing` (inputs name, size, zone, kind, secret, tags, ...). Rules of the type:
`size`, `tags` and anything else update in place; `zone` replaces (create first); `kind` replaces (delete
first). Inputs that drive a test: `fail` (create/update fails), `delay` (seconds), `autoname` (a random
suffix).
"""

# ruff: noqa: ARG002 (the protocol gives every method a request and a context)
from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

SIG = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
VERSION = "1.0.0"


class ToyError(Exception):
    """What a provider raises in process: a gRPC status and words."""

    def __init__(self, code: grpc.StatusCode, message: str, init_failed: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.init_failed = init_failed


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A property struct as Python values (secrets stay as their sentinel dicts)."""
    return json_format.MessageToDict(struct)


def bare(value: Any) -> Any:
    """A value without its secret wrapping."""
    if isinstance(value, dict) and value.get(SIG) == SECRET:
        return bare(value["value"])
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Python values as a property struct."""
    message = struct_pb2.Struct()
    json_format.ParseDict(values, message)
    return message


class Cloud:
    """Things on disk: `<root>/things/<name>.json`, and a log of every change (one line each)."""

    def __init__(self, root: Path) -> None:
        self.things = root / "things"
        self.log = root / "log"
        self.things.mkdir(parents=True, exist_ok=True)

    def path(self, thing_id: str) -> Path:
        return self.things / f"{thing_id.rsplit('/', 1)[-1]}.json"

    def note(self, verb: str, thing_id: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{verb} {thing_id}\n")

    def history(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def ids(self) -> set[str]:
        return {f"/things/{path.stem}" for path in self.things.glob("*.json")}

    def get(self, thing_id: str) -> dict[str, Any] | None:
        path = self.path(thing_id)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def put(self, thing_id: str, values: dict[str, Any]) -> None:
        temporary = self.path(thing_id).with_suffix(".tmp")
        temporary.write_text(json.dumps(values), encoding="utf-8")
        temporary.replace(self.path(thing_id))

    def delete(self, thing_id: str) -> None:
        self.path(thing_id).unlink(missing_ok=True)


class ToyProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider of package `toy`."""

    def __init__(self, root: Path, *, accept_secrets: bool = True, detailed: bool = True) -> None:
        self.cloud = Cloud(root)
        self.accept_secrets = accept_secrets
        self.detailed = detailed
        self.configured: list[dict[str, Any]] = []
        self.running = 0
        self.most_running = 0

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=self.accept_secrets, accept_resources=True
        )

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        failures = []
        if bare(plain(request.news)).get("region") == "nowhere":
            failures.append(
                provider_pb2.CheckFailure(property="region", reason="there is no region 'nowhere'")
            )
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        old, new = bare(plain(request.old_inputs)), bare(plain(request.news))
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        replaces = [key for key in changed if key == "account"]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        self.configured.append(bare(plain(request.args)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=self.accept_secrets, supportsPreview=True, acceptResources=True
        )

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        news, olds = plain(request.news), plain(request.olds)
        failures = []
        if bare(news).get("size") == -1:
            failures.append(provider_pb2.CheckFailure(property="size", reason="must not be negative"))
        if not news.get("name"):
            base = request.urn.rsplit("::", 1)[-1]
            suffix = request.randomSeed.hex()[:6] if news.get("autoname") else ""
            news["name"] = olds.get("name") or (f"{base}-{suffix}" if suffix else base)
        return provider_pb2.CheckResponse(inputs=struct(news), failures=failures)

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        old, new = bare(plain(request.old_inputs)), bare(plain(request.news))
        skipped = set(request.ignoreChanges)
        changed = sorted(k for k in old.keys() | new.keys() if old.get(k) != new.get(k) and k not in skipped)
        replaces = [key for key in changed if key in {"zone", "kind", "name"}]
        kinds = provider_pb2.PropertyDiff
        detailed = {}
        for key in changed if self.detailed else ():
            kind = kinds.ADD if key not in old else kinds.DELETE if key not in new else kinds.UPDATE
            if key in replaces:
                kind += 1
            detailed[key] = provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some,
            replaces=replaces,
            diffs=changed if self.detailed else [],
            detailedDiff=detailed,
            hasDetailedDiff=self.detailed,
            deleteBeforeReplace="kind" in replaces,
        )

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        inputs = plain(request.properties)
        known = bare(inputs)
        name = known.get("name")
        thing_id = f"/things/{name}" if name != UNKNOWN else ""
        if request.preview:
            outputs = {**inputs, "serial": UNKNOWN}
            if thing_id:
                outputs["id"] = thing_id
            return provider_pb2.CreateResponse(properties=struct(outputs))
        self._obey(known, "create")
        if self.cloud.get(thing_id) is not None:
            raise ToyError(grpc.StatusCode.ALREADY_EXISTS, f"{thing_id} is already there")
        outputs = {**inputs, "serial": f"s-{name}", "id": thing_id}
        if known.get("secret") is not None:
            outputs["echo"] = {SIG: SECRET, "value": known["secret"]}
        self.cloud.put(thing_id, bare(outputs))
        self.cloud.note("create", thing_id)
        if known.get("fail") == "ready":
            detail = provider_pb2.ErrorResourceInitFailed(
                id=thing_id, properties=struct(outputs), reasons=["it did not become ready"]
            )
            raise ToyError(grpc.StatusCode.UNKNOWN, "made, and then it did not become ready", detail)
        self._lose(known, "create")
        return provider_pb2.CreateResponse(id=thing_id, properties=struct(outputs))

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        inputs = plain(request.news)
        outputs = {**inputs, "serial": plain(request.olds).get("serial"), "id": request.id}
        if bare(inputs).get("secret") is not None:
            outputs["echo"] = {SIG: SECRET, "value": bare(inputs)["secret"]}
        if not request.preview:
            self._obey(bare(inputs), "update")
            self.cloud.put(request.id, bare(outputs))
            self.cloud.note("update", request.id)
            self._lose(bare(inputs), "update")
        return provider_pb2.UpdateResponse(properties=struct(outputs))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        found = self.cloud.get(request.id)
        if found is None:
            return provider_pb2.ReadResponse(id="")
        inputs = {key: value for key, value in found.items() if key not in {"serial", "id", "echo"}}
        return provider_pb2.ReadResponse(id=request.id, properties=struct(found), inputs=struct(inputs))

    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        known = bare(plain(request.properties))
        self._obey(known, "delete")
        self.cloud.delete(request.id)
        self.cloud.note("delete", request.id)
        self._lose(known, "delete")
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        args = plain(request.args)
        if request.tok == "toy:index:double":
            return provider_pb2.InvokeResponse(**{"return": struct({"value": bare(args)["value"] * 2})})
        raise ToyError(grpc.StatusCode.NOT_FOUND, f"no function {request.tok}")

    def _lose(self, known: dict[str, Any], verb: str) -> None:
        """The cloud did it, and the connection broke before it could say so."""
        if known.get("fail") == f"{verb}, unheard":
            raise ToyError(grpc.StatusCode.UNAVAILABLE, "the connection broke")

    def _obey(self, known: dict[str, Any], verb: str) -> None:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        time.sleep(float(known.get("delay") or 0))
        self.running -= 1
        if known.get("fail") == verb:
            raise ToyError(grpc.StatusCode.INVALID_ARGUMENT, f"told to fail at {verb}")
        if known.get("kill") == verb:
            os.kill(os.getpid(), 9)
