"""Pages for people: jobs with live logs, models, computes, resources; each is imported when asked for."""

from twinloop.localazure.pages.routes import router

__all__ = ["router"]
