"""The pages of access, which no cache keeps."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Response

from api.dependencies import HTML
from api.pages.templating import templates
from api.settings import VERSION

# Without a referrer a browser sends forms with the origin `null`, which the guard refuses.
PRIVATE: Final = {"cache-control": "no-store", "referrer-policy": "same-origin"}


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page.

    Parameters
    ----------
    template
        Its file.
    status
        Of HTTP.
    values
        What the template shows.
    """
    text = templates.get_template(template).render(version=VERSION, **values)
    return Response(text, status_code=status, media_type=HTML, headers=PRIVATE)


def go_to(address: str) -> Response:
    """Return the answer to a form that sends its reader on, where a reload sends nothing again."""
    return Response(status_code=303, headers={"location": address, **PRIVATE})
