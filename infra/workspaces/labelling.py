"""Labelling projects: what people say about images and texts, for models to learn from."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.naming import Names
from infra.sections.workbench import ImageProject, Labelling, Project

# How Azure ML words a task, and whether something may have several labels.
_IMAGES = {
    "classification": ("Classification", "Disabled"),
    "multilabel": ("Classification", "Enabled"),
    "boundingBox": ("BoundingBox", "Disabled"),
    "segmentation": ("InstanceSegmentation", "Disabled"),
}
_TEXTS = {
    "classification": ("Classification", "Disabled"),
    "multilabel": ("Classification", "Enabled"),
    "entities": ("NamedEntityRecognition", "Enabled"),
}


@dataclass(frozen=True, kw_only=True)
class ProjectsArgs:
    """Which projects there are."""

    resource_group: pulumi.Input[str]
    workspace_name: pulumi.Input[str]
    settings: Labelling
    names: Names
    after: list[pulumi.Resource]  # clusters that assist
    tags: dict[str, str]


class Projects(pulumi.ComponentResource):
    """One project per entry of the settings; its data, a version of an asset, is chosen once there is one."""

    names: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ProjectsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Labelling", name, None, opts)
        self.names = {
            project.name: ml.LabelingJob(
                f"{name}-{project.name}",
                id=project.name,
                workspace_name=args.workspace_name,
                resource_group_name=args.resource_group,
                labeling_job_properties=_job(project, args),
                opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
            ).name
            for project in args.settings.projects
        }
        self.register_outputs({"names": self.names})


def _job(project: Project, args: ProjectsArgs) -> ml.LabelingJobArgs:
    image = isinstance(project, ImageProject)
    task, several = (_IMAGES if image else _TEXTS)[project.task]
    labels = ml.LabelCategoryArgs(
        display_name="labels",
        multi_select=several,
        classes={label: ml.LabelClassArgs(display_name=label) for label in project.labels},
    )
    return ml.LabelingJobArgs(
        job_type="Labeling",
        display_name=project.name,
        label_categories={"labels": labels},
        labeling_job_media_properties=ml.LabelingJobImagePropertiesArgs(
            media_type="Image", annotation_type=task
        )
        if image
        else ml.LabelingJobTextPropertiesArgs(media_type="Text", annotation_type=task),
        job_instructions=ml.LabelingJobInstructionsArgs(uri=project.instructions)
        if project.instructions
        else None,
        ml_assist_configuration=_assisted(project.assisted_by, args.names),
        tags=args.tags,
    )


def _assisted(cluster: str | None, names: Names) -> ml.MLAssistConfigurationEnabledArgs | None:
    if cluster is None:
        return None
    where = f"{names.workspace_id}/computes/{cluster}"
    return ml.MLAssistConfigurationEnabledArgs(
        ml_assist="Enabled", training_compute_binding=where, inferencing_compute_binding=where
    )
