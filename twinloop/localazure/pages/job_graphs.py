"""The two pictures of a job: its steps, and what it came from and led to."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from twinloop.localazure.jobs.records import jobs
from twinloop.localazure.pages.addresses import asset_page, run_page, short_id
from twinloop.localazure.pages.job_data import bound, maker, readable
from twinloop.localazure.pages.markup import Markup, trusted
from twinloop.localazure.pages.states import is_reused, kind
from twinloop.localazure.pages.wording import span
from twinloop.localazure.services.machinelearning.asset_store import assets
from twinloop.pictures.layered import Node, draw

if TYPE_CHECKING:
    from twinloop.localazure.jobs.records import Job
    from twinloop.localazure.pages.job_facts import Facts

MODELS_READ = "Microsoft.MachineLearningServices/workspaces/models/versions/read"
_LOOKED_THROUGH = 200  # of the newest jobs, for those that read what this one wrote


def steps(facts: Facts) -> Markup | None:
    """The steps of a pipeline, coloured by state; None for a job without steps."""
    if not facts.children:
        return None
    places = dict(facts.job.children)
    nodes, edges = [], []
    for child in facts.children:
        step = child.what()
        nodes.append(
            Node(child.name, child.display_name, _standing(facts, child), kind(child), run_page(child))
        )
        edges += [(places[other], child.name) for other in sorted(step.after) if other in places]
    return trusted(draw(nodes, edges, title=f"Steps of {facts.job.display_name}", widest=900))


def lineage(facts: Facts, *, at_home: bool = True) -> Markup | None:
    """From data over jobs to models; None where the job touches neither.

    Args:
        facts: of the job in the middle.
        at_home: the picture is for the job's own page.
    """
    tree = _Tree(facts, at_home=at_home)
    tree.add_sources()
    tree.add_results()
    if len(tree.nodes) < 2:  # noqa: PLR2004 - the job alone says nothing
        return None
    title = f"What {facts.job.display_name} came from and led to"
    return trusted(draw(list(tree.nodes.values()), tree.edges, title=title, widest=900))


def _standing(facts: Facts, child: Job) -> str:
    seconds = facts.ran(child)
    if is_reused(child):
        return "reused from an earlier run"
    return f"{child.status}, {span(seconds)}" if seconds is not None else child.status


class _Tree:
    """The graph of lineage while it grows about one job."""

    def __init__(self, facts: Facts, *, at_home: bool) -> None:
        self.facts = facts
        self.at_home = at_home
        self.nodes: dict[str, Node] = {}
        self.edges: list[tuple[str, str]] = []
        self._own = {job.name for job in facts.tree}
        self._job(facts.job)

    def add_sources(self) -> None:
        """Data that was read, and the jobs that made it."""
        for run in self.facts.runs:
            for name, given in run.what().inputs.items():
                within = given.step and run is not self.facts.job
                uri = given.uri or (bound(self.facts, given) if run is self.facts.job else "")
                if not given.is_data or within or not uri:
                    continue
                made = maker(self.facts.viewer, run.workspace, uri)
                if made is not None and made[0].name not in self._own:
                    self._job(made[0])
                    self.edges.append((made[0].name, self.facts.job.name))
                    continue
                label = short_id(given.asset) if given.asset else readable(uri).rpartition("/")[2] or name
                href = asset_page("data", given.asset) if given.asset.startswith("/") else ""
                self.nodes[uri] = Node(uri, label, f"data, input '{name}'", "data", href, title=readable(uri))
                self.edges.append((uri, self.facts.job.name))

    def add_results(self) -> None:
        """Models and data that were registered from it, and the jobs that read what it wrote."""
        for run in self.facts.tree:
            for name, kept in run.outputs.items():
                if (asset := kept.get("asset", "")) and "/data/" in asset:
                    node = Node(
                        asset, short_id(asset), f"data, output '{name}'", "data", asset_page("data", asset)
                    )
                    self._after(node)
        if self.facts.viewer.may(MODELS_READ, self.facts.home):
            self._models()
        self._readers()

    def _models(self) -> None:
        models = assets(self.facts.twin, self.facts.home, "models")
        for doc in models.all_versions():
            if self._own & makers(doc):
                arm_id = models.id(doc["name"], doc["version"]).text
                self._after(
                    Node(
                        arm_id,
                        f"{doc['name']}:{doc['version']}",
                        "model",
                        "model",
                        asset_page("models", arm_id),
                    )
                )

    def _readers(self) -> None:
        mine = [kept["uri"] for run in self.facts.tree for kept in run.outputs.values()]
        for other in islice(jobs(self.facts.twin).newest(self.facts.job.workspace), _LOOKED_THROUGH):
            if other.name in self._own or (self.facts.parent and other.name == self.facts.parent.name):
                continue
            runs = jobs(self.facts.twin).children(other) if other.kind == "Pipeline" else [other]
            read = [given.uri for run in runs for given in run.what().inputs.values() if given.uri]
            if any(uri.startswith(own.rstrip("/")) for uri in read for own in mine):
                self._job(other)
                self.edges.append((self.facts.job.name, other.name))

    def _job(self, job: Job) -> None:
        here = self.at_home and job.name == self.facts.job.name
        sub = "this job" if here else "step" if job.kind == "Step" else "job"
        href = "" if here else run_page(job)
        self.nodes[job.name] = Node(
            job.name, job.display_name or job.name, f"{sub}, {job.status}", kind(job), href
        )

    def _after(self, node: Node) -> None:
        self.nodes[node.id] = node
        self.edges.append((self.facts.job.name, node.id))


def makers(model: dict[str, object]) -> set[str]:
    """The runs that a model version says it came from: by its job, by its tags, by where it lies."""
    import re

    properties = model["properties"]
    if not isinstance(properties, dict):
        return set()
    tags, extra = properties.get("tags") or {}, properties.get("properties") or {}
    named = {properties.get("jobName"), tags.get("job"), extra.get("mlflow.runId"), extra.get("jobName")}
    uri = str(properties.get("modelUri") or "")
    found = re.findall(r"/paths/azureml/([^/]+)/|dcid\.([^/]+)/|azureml://jobs/([^/]+)/", uri)
    return {str(name) for name in named if name} | {name for group in found for name in group if name}
