"""What every route of the OGC door needs of a request: the data, the root, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fastapi import HTTPException, Request, Response

from api.answers import Answers, SnapshotAnswers
from api.dependencies import answers_of
from api.etags import not_modified_or
from api.formats.encoding import to_json
from api.formats.negotiation import requested_format
from api.formats.registry import HTML, Format
from api.ogc.collections import INCIDENTS, check_collection, properties_of
from api.ogc.openapi import ITEM_NAMES, queryable
from api.ogc.pages import page_of
from api.ogc.properties import Property
from api.query import only
from api.security import is_own_caller
from api.settings import Settings
from geo.analyses import LAYERS
from geo.question.model import OPTIONS

PREFIX = "/ogc"
_OPTIONS = frozenset(option.name for option in OPTIONS)


@dataclass(frozen=True)
class Asking:
    """A request to the OGC door.

    Attributes
    ----------
    local
        Whether the caller may see single incidents.
    """

    request: Request
    service_answers: Answers
    local: bool

    @cached_property
    def answers(self) -> SnapshotAnswers:
        """The answers, all of one state of the store."""
        return SnapshotAnswers(self.service_answers)

    @property
    def root(self) -> str:
        """The address of the landing page."""
        return str(self.request.base_url).rstrip("/") + PREFIX

    @cached_property
    def here(self) -> str:
        """The address asked for, without its query."""
        return str(self.request.url.replace(query=""))

    def check(self, collection_id: str) -> None:
        """Refuse a collection that is not there, or not for this caller.

        Raises
        ------
        HTTPException
            403 if it is for callers on this machine only.
        NotFoundError
            If there is none of that id.
        """
        if collection_id == INCIDENTS and not self.local:
            raise HTTPException(403, "single incidents are not served to this caller")
        check_collection(self.answers.snapshot(), collection_id, local=self.local)

    def queryables(self, collection_id: str) -> list[Property]:
        """The properties that are parameters of a collection's items."""
        return queryable(collection_id, properties_of(self.answers, collection_id))

    def item_query(
        self,
        collection_id: str,
        queryables: Sequence[Property],
        *,
        names: frozenset[str] = ITEM_NAMES,
    ) -> dict[str, str]:
        """The parameters of a request for items, or for tiles of them.

        Parameters
        ----------
        names
            The parameters that are neither options of a Question nor properties.

        Raises
        ------
        QuestionError
            If one is unknown or given twice.
        """
        options = _OPTIONS if collection_id in LAYERS else frozenset()
        return only(self.request, names.union(options, (told.name for told in queryables)))

    def reply(self, form: Format, make: Callable[[], Response]) -> Response:
        """The answer with its ETag, or 304 where the caller has it already."""
        response = not_modified_or(
            self.request,
            self.answers,
            make,
            media_type=form.media_type,
            setting=f"{form.name} {self.local}",
        )
        response.headers["vary"] = "accept"
        return response

    def document(
        self, make: Callable[[], dict[str, Any]], formats: Sequence[Format], *, page: str
    ) -> Response:
        """A document that has a page too, and takes no parameter but its format.

        Parameters
        ----------
        make
            Makes the document.
        page
            Name of the page's template.
        """
        only(self.request, ("f",))
        return self.told(make, requested_format(self.request, formats), page=page)

    def told(self, make: Callable[[], dict[str, Any]], form: Format, *, page: str) -> Response:
        """A document, or the page that says what it says."""

        def answer() -> Response:
            if form is HTML:
                return page_of(page, document=make(), root=self.root, here=self.here)
            return Response(to_json(make()), media_type=form.media_type)

        return self.reply(form, answer)


def asking(request: Request) -> Asking:
    """A request with the data that the app holds, and with what its caller may see."""
    settings: Settings = request.app.state.settings
    caller = request.client.host if request.client else None
    local = settings.incidents and is_own_caller(caller, request.headers)
    return Asking(request, answers_of(request), local)
