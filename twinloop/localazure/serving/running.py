"""All deployments that run: made, brought back, replaced, ended; asked within their limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections import Counter
from collections.abc import Mapping
from typing import Any

from twinloop.localazure.core.directory import SECRETS
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import kind_of, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.identities import secret_digest
from twinloop.localazure.jobs.variables import identity
from twinloop.localazure.serving.deployment import DEPLOYMENTS, Deployment, Folder, home_of, read
from twinloop.localazure.serving.processes import Answer, NotReady, Scorer
from twinloop.localazure.serving.staging import SERVER, StagingFailed, identity_of, stage

log = logging.getLogger("twinloop.localazure.serving")
# Of each deployment: `wanted` (serial of the newest body), `live` (of the one that answers; 0: none), its
# `made` fingerprint, the `operation` that waits, why the newest `failed`, digests of its `secrets`.
RECORDS = "mldeployments"
_LINES = 20  # of the log, in the words of a failure
Doc = dict[str, Any]


class TooMany(Exception):
    """More requests at once than a deployment takes; the argument is how many that are."""


class Running:
    """The processes of the twin's deployments, each for one deployment in one of its versions."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self._starts: dict[tuple[str, int], asyncio.Task[Scorer]] = {}
        self._works: dict[str, asyncio.Task[None]] = {}
        self._asked: Counter[str] = Counter()

    @property
    def busy(self) -> bool:
        """Whether any deployment is being made."""
        return bool(self._works)

    def accept(self, key: str, serial: int, operation: str) -> None:
        """See a body that is kept already through, until its process answers; called in its transaction."""
        record = self.record(key)
        self.twin.store.put(RECORDS, key, record | {"wanted": serial, "operation": operation, "failed": ""})
        self._begin(key)

    def resume(self) -> None:
        """Take up what was being made when the twin ended; what ran comes back with its first request."""
        kept = set()
        for key, doc in self.twin.store.list(kind_of(DEPLOYMENTS)):
            kept.add(home_of(self.twin.azure, ArmId(doc["id"])).name)
            if doc.get("phase") in ("Creating", "Updating") and "readyAt" in doc:
                self._begin(key)
        root = self.twin.azure / "serving"
        for folder in root.iterdir() if root.is_dir() else ():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def forget(self, arm_id: ArmId) -> None:
        """End a deployment that is gone, with its files."""
        key = arm_id.key
        for serial in self.record(key)["secrets"]:
            self._close(key, serial)
        self.twin.store.delete(RECORDS, key)
        if work := self._works.pop(key, None):
            work.cancel()
        self.twin.spawn(self._clear(arm_id), name=f"end of deployment {arm_id.name}")

    def record(self, key: str) -> Doc:
        """What is known of a deployment beside its body."""
        empty: Doc = {"wanted": 0, "live": 0, "made": "", "operation": "", "failed": "", "secrets": {}}
        return self.twin.store.get(RECORDS, key) or empty

    def folder(self, arm_id: ArmId, serial: int) -> Folder:
        """Where the files of one process lie."""
        return Folder(home_of(self.twin.azure, arm_id) / str(serial))

    def logs(self, arm_id: ArmId, container: str, lines: int) -> str:
        """The last lines of the newest process, running or failed."""
        record = self.record(arm_id.key)
        serial = record["wanted"] if record["failed"] else record["live"] or record["wanted"]
        return self.folder(arm_id, int(serial)).tail(container, lines)

    async def ask(self, doc: Doc, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What a deployment answers to a request.

        Raises:
            TooMany: it is asked more than it takes.
            TimeoutError: it took too long.
            NotReady: it has no process that answers.
            StagingFailed: it was ended meanwhile, and cannot be brought back.
        """
        wanted = read(doc)
        key = wanted.id.key
        if self._asked[key] >= wanted.at_once:
            raise TooMany(wanted.at_once)
        self._asked[key] += 1
        try:
            serial = int(self.record(key)["live"])
            if not serial:
                raise NotReady("none of its processes ever answered")
            scorer = await self._scorer(wanted, serial)
            return await scorer.ask(body, headers, wanted.timeout)
        finally:
            self._asked[key] -= 1
            if not self._asked[key]:
                del self._asked[key]

    async def stop(self) -> None:
        """End all processes; they come back with their first request."""
        for work in self._works.values():
            work.cancel()
        await asyncio.gather(*(self._end(place) for place in list(self._starts)))

    def _begin(self, key: str) -> None:
        self._works[key] = self.twin.spawn(
            self._see_through(key), name=f"deployment {key.rpartition('/')[2]}"
        )

    async def _see_through(self, key: str) -> None:
        try:
            doc = resource(self.twin, ArmId(key))
            if doc is None:  # its acceptance was undone
                return
            code, message = await self._made(doc)
            self._settled(key, code, message)
        finally:
            if self._works.get(key) is asyncio.current_task():
                del self._works[key]

    async def _made(self, doc: Doc) -> tuple[str, str]:
        """Have a process for a document; Azure ML's code and the words where there is none."""
        wanted, record = read(doc), self.record(ArmId(doc["id"]).key)
        serial = int(record["wanted"])
        if record["live"] and record["made"] == wanted.fingerprint:
            return "", ""
        try:
            await self._scorer(wanted, serial)
        except StagingFailed as error:
            return error.code, f"deployment '{doc['name']}': {error}"
        except NotReady as error:
            said = self.folder(wanted.id, serial).tail(SERVER, _LINES) or "nothing"
            message = (
                f"deployment '{doc['name']}': {error}. The last that it said:\n{said}\nAll of it: az ml "
                f"online-deployment get-logs --endpoint-name {wanted.endpoint.name} --name {doc['name']}"
            )
            return "ResourceNotReady", message
        except Exception as error:
            log.exception("deployment %s failed inside the twin", doc["name"])
            return "InternalServerError", f"a defect of the twin, see log/twin.log: {error!r}"
        return "", ""

    def _settled(self, key: str, code: str, message: str) -> None:
        """Write down how it went; what was replaced may go."""
        arm_id = ArmId(key)
        with self.twin.store.transaction():
            doc = resource(self.twin, arm_id)
            if doc is None or doc.get("phase") not in ("Creating", "Updating"):
                return  # deleted meanwhile
            record = self.record(key)
            doc.pop("readyAt", None)
            doc["phase"] = "Failed" if code else "Succeeded"
            if code:
                self.twin.lifecycle.fail(record["operation"], code, message)
                record["failed"] = message
            else:
                self.twin.lifecycle.finish(record["operation"])
                if record["made"] != read(doc).fingerprint:
                    record |= {"live": record["wanted"], "made": read(doc).fingerprint}
            self.twin.store.put(kind_of(DEPLOYMENTS), key, doc)
            self.twin.store.put(RECORDS, key, record)
        self.twin.spawn(self._prune(arm_id), name=f"end of what deployment {arm_id.name} was")

    async def _scorer(self, wanted: Deployment, serial: int) -> Scorer:
        """The process of a deployment: the one that runs, or a new one, for which all wait who ask."""
        place = (wanted.id.key, serial)
        task = self._starts.get(place)
        if task is None or (task.done() and not _lives(task)):
            task = self._starts[place] = asyncio.create_task(self._start(wanted, serial))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise NotReady("it was ended meanwhile") from None
            raise

    async def _start(self, wanted: Deployment, serial: int) -> Scorer:
        folder = self.folder(wanted.id, serial)
        principal = identity_of(self.twin, wanted)
        staged = await stage(self.twin, wanted, folder)
        with self.twin.store.transaction():
            self._close(wanted.id.key, str(serial))
            secret, record = self.twin.identity_secret(principal.id), self.record(wanted.id.key)
            record["secrets"][str(serial)] = secret_digest(secret)
            self.twin.store.put(RECORDS, wanted.id.key, record)
        return await Scorer.start(staged, identity(self.twin, secret), folder.log(SERVER), wanted.patience)

    def _close(self, key: str, serial: str) -> None:
        """End what a process got tokens with."""
        record = self.record(key)
        if digest := record["secrets"].pop(serial, ""):
            with self.twin.store.transaction():
                self.twin.store.delete(SECRETS, digest)
                self.twin.store.put(RECORDS, key, record)

    async def _end(self, place: tuple[str, int]) -> None:
        task = self._starts.pop(place, None)
        if task is None:
            return
        if not task.done():
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await (await task).stop()
        self._close(place[0], str(place[1]))

    async def _prune(self, arm_id: ArmId) -> None:
        """End what was replaced or failed; keep the files of the newest and of what answers."""
        record = self.record(arm_id.key)
        for place in [place for place in self._starts if place[0] == arm_id.key]:
            if place[1] != record["live"]:
                await self._end(place)
        kept, home = {str(record["live"]), str(record["wanted"])}, home_of(self.twin.azure, arm_id)
        for folder in home.iterdir() if home.is_dir() else ():
            if folder.name not in kept:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _clear(self, arm_id: ArmId) -> None:
        for place in [place for place in self._starts if place[0] == arm_id.key]:
            await self._end(place)
        await asyncio.to_thread(shutil.rmtree, home_of(self.twin.azure, arm_id), ignore_errors=True)


def _lives(task: asyncio.Task[Scorer]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result().alive


def running(twin: Twin) -> Running:
    """The twin's deployments."""
    found: Running | None = twin.services.get("running deployments")
    if found is None:
        found = twin.services["running deployments"] = Running(twin)
    return found


def attach(twin: Twin) -> None:
    """Take up at the start what was being made, end all with the twin; being made keeps it from stopping."""
    made = running(twin)
    twin.busy.append(lambda: made.busy)
    twin.on_start(lambda _: made.resume())
    twin.on_stop(lambda _: made.stop())
