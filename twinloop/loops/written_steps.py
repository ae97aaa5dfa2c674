"""A step as a job's file says it: its command, its source folder, its environment, its wires."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinloop.loops.document import nearest, read_yaml
from twinloop.loops.steps import PARENT_INPUT, STEP_OUTPUT, Data, is_data
from twinloop.problems import BadUsage, NotFound, NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from twinloop.loops.document import Document
    from twinloop.loops.steps import Bound


@dataclass(frozen=True)
class FromStep:
    """What an earlier step leaves."""

    step: str
    port: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a step runs in: a conda file's content, an image, a build context, or a name in the workspace."""

    conda: Any = None
    image: str = ""
    build: Path | None = None  # folder of the Dockerfile
    dockerfile: str = "Dockerfile"
    reference: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class WrittenStep:
    """A step of a file, not run yet."""

    name: str
    command: str
    code: Path | None
    environment: Environment
    inputs: Mapping[str, Bound | FromStep | None] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)  # name -> type
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def upstream(self) -> list[FromStep]:
        """What it reads of earlier steps."""
        return [one for one in self.inputs.values() if isinstance(one, FromStep)]


def find(document: Document, step: str) -> WrittenStep:
    """A step of a job's file; the job itself, if it is a command.

    Raises:
        NotFound: there is no such step, or its component's file is not there.
        BadUsage: it cannot be told which step is meant.
        NotSupported: it is no command, or its component lies in the workspace.
    """
    body = document.body
    if body.get("type") != "pipeline":
        if step:
            raise BadUsage(
                "This job has no steps.",
                where=str(document.path),
                given=f"--step {step}",
                next_step="leave --step out",
            )
        return _made(_Place(name="", node=body, what=body, folder=document.path.parent, document=document))
    if step not in document.jobs:
        names = list(document.jobs)
        close = nearest(step, names)
        best = close.split("'")[1] if close else next(iter(names), "")
        raise (NotFound if step else BadUsage)(
            f"This file has no step '{step}'{close}" + ("" if close else ".")
            if step
            else "It cannot be told which step is meant.",
            where=str(document.path),
            given=f"--step {step}" if step else "no --step",
            allowed=", ".join(names),
            next_step=f"run it again with --step {best}" if names else "",
        )
    node = document.jobs[step]
    component, folder = node.get("component"), document.path.parent
    if isinstance(component, str):
        if component.startswith("azureml:"):
            raise NotSupported(
                "The component of this step lies in the workspace, so its source is not on this machine.",
                where=f"{document.path}: jobs.{step}",
                given=component,
                allowed="a step whose component is a file",
                next_step=f"debug a run of it: twinloop jobs debug --job JOB --step {step}",
            )
        path = (folder / component.removeprefix("file:")).resolve()
        component, folder = read_yaml(path), path.parent
    return _made(_Place(name=step, node=node, what=component or node, folder=folder, document=document))


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a step is written down."""

    name: str
    node: dict[str, Any]  # in the job's file
    what: dict[str, Any]  # its component; the node itself where it has none
    folder: Path  # of the component
    document: Document


def _made(place: _Place) -> WrittenStep:
    name, node, what, folder, document = place.name, place.node, place.what, place.folder, place.document
    given = document.body.get("inputs") or {} if name else {}
    where = f"{document.path}: jobs.{name}" if name else str(document.path)
    if (kind := what.get("type", "command")) != "command" or not what.get("command"):
        raise NotSupported(
            "Only commands can be run here.",
            where=where,
            given=f"type {kind}",
            allowed="type: command",
            next_step="submit the whole file: twinloop submit FILE",
        )
    own = node.get("environment") if node is not what else None
    return WrittenStep(
        name=name,
        command=str(what["command"]),
        code=_code(what, folder),
        environment=_environment(
            own or what.get("environment"), document.path.parent if own else folder, where
        ),
        inputs={
            key: _input(key, spec, node.get("inputs") or {}, given, document.path.parent)
            for key, spec in (what.get("inputs") or {}).items()
        },
        outputs={
            key: str((spec or {}).get("type") or "uri_folder")
            for key, spec in (what.get("outputs") or {}).items()
        },
        variables={
            key: str(value)
            for one in ({} if node is what else what, node)
            for key, value in (one.get("environment_variables") or {}).items()
        },
    )


def _code(what: dict[str, Any], folder: Path) -> Path | None:
    """The source folder, where the file names one of this machine."""
    given = str(what.get("code") or "")
    if not given or given.startswith(("azureml:", "git+", "http:", "https:")):
        return None
    path = (folder / given.removeprefix("file:")).resolve()
    if not path.is_dir():
        raise NotFound(
            "The folder of the code is not there.",
            where=str(path),
            given=f"code: {given}",
            next_step="correct code: in the file, relative to the file itself",
        )
    return path


def _environment(given: Any, folder: Path, where: str) -> Environment:
    if isinstance(given, str):
        path = folder / given.removeprefix("file:")
        if given.startswith("file:") or path.is_file():
            return _environment(read_yaml(path), path.parent, str(path))
        return Environment(reference=given, where=where)
    spec = given or {}
    conda = spec.get("conda_file")
    if isinstance(build := spec.get("build"), dict):
        context = (folder / str(build.get("path") or ".").removeprefix("file:")).resolve()
        if not context.is_dir():
            raise NotFound(
                "The folder of the build is not there.",
                where=where,
                given=str(context),
                next_step="correct build.path in the file, relative to the file itself",
            )
        return Environment(
            build=context, dockerfile=str(build.get("dockerfile_path") or "Dockerfile"), where=str(context)
        )
    if isinstance(conda, str):
        path = (folder / conda).resolve()
        return Environment(conda=read_yaml(path), image=str(spec.get("image") or ""), where=str(path))
    return Environment(conda=conda, image=str(spec.get("image") or ""), where=where)


def _input(
    key: str, spec: Any, wired: dict[str, Any], given: dict[str, Any], base: Path
) -> Bound | FromStep | None:
    """What a port is bound to: the step's own wire, the pipeline's input behind it, or the default."""
    declared = spec if isinstance(spec, dict) else {"default": spec}
    kind = str(declared.get("type") or "string")
    value = wired.get(key, declared.get("path", declared.get("default")))
    mode = str(declared.get("mode") or "")
    if isinstance(value, str) and (found := PARENT_INPUT.fullmatch(value)):
        value = given.get(found[1])
    if isinstance(value, str) and (found := STEP_OUTPUT.fullmatch(value)):
        return FromStep(found[1], found[2], kind)
    if isinstance(value, dict):
        kind = str(value.get("type") or (kind if is_data(kind) else "uri_folder"))
        value = value.get("path")
    if value is None:
        return None
    if is_data(kind):
        return Data(kind, _absolute(str(value), base), mode)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _absolute(path: str, base: Path) -> str:
    if path.startswith("azureml:") or "://" in path:
        return path
    return str((base / path.removeprefix("file:")).resolve())
