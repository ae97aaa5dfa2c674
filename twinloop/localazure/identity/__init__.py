"""Who is calling: cloud metadata, Entra-like token endpoints, managed identities."""

from twinloop.localazure.identity.routes import router

__all__ = ["router"]
