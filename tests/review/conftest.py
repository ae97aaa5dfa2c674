from tests.cli.conftest import run
from tests.review.projects import platform, project

__all__ = ["platform", "project", "run"]
