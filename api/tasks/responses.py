"""The pages of tasking, which follow the tasks, and what is sent back to their forms."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Response

from api.addresses import own_address
from api.dependencies import HTML
from api.pages.templating import templates
from api.settings import VERSION

# Without a referrer a browser sends forms with the origin `null`, which the guard refuses.
_FORMS: Final = {"referrer-policy": "same-origin"}


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
    shared = {"version": VERSION, "address_of": address_of}
    text = templates.get_template(template).render(**shared, **values)
    return Response(text, status_code=status, media_type=HTML, headers=_FORMS)


def address_of(path: str, **options: object) -> str:
    """Return an address of this service; empty options are left out."""
    query = urlencode({name: text for name, text in options.items() if text}, safe="/:,.@")
    return own_address(path) + (f"?{query}" if query else "")


def go_to(path: str, **options: str) -> Response:
    """Return the answer to a form that sends its reader on, where a reload sends nothing again."""
    query = urlencode({name: text for name, text in options.items() if text}, safe="/:,.@")
    headers = {"location": f"{path}?{query}" if query else path, "cache-control": "no-store"}
    return Response(status_code=303, headers=headers | _FORMS)
