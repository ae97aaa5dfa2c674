"""The face of this room: says what a change does, to which stacks, without touching anything."""

from __future__ import annotations

from twinloop.engine import Limits
from twinloop.review.preparing import Request, Reviewed, Say

__all__ = ["Limits", "Request", "Reviewed", "review"]


def review(request: Request, say: Say = lambda _text: None) -> Reviewed:
    """Say what a change does.

    Args:
        request: what to review.
        say: told what is being done.

    Raises:
        Problem: it could not be evaluated at all.
    """
    if request.live == "azure" or (request.live and request.official):
        from twinloop.review.official_live import review_official

        return review_official(request, say)
    if request.live:
        from twinloop.review.live import review_live

        return review_live(request, say)
    from twinloop.review.offline import review_code

    return review_code(request, say)
