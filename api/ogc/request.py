"""What every route of the OGC API needs of a request: its collection, its root, its caller."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from fastapi import HTTPException, Request, Response

from api.answers import Answers, SnapshotAnswers
from api.dependencies import answers_of, settings_of
from api.etags import not_modified_or
from api.formats.encoding import to_json
from api.formats.negotiation import requested_format
from api.formats.registry import FEATURE_FILES, HTML, Format
from api.identity.audit import Action, record
from api.identity.identity import identity_of
from api.identity.view import DataView
from api.ogc.collections.base import Collection as OgcCollection
from api.ogc.collections.registry import collections_of
from api.ogc.pages import page_of
from api.query import only
from api.ready import ReadyAnswers, ReadyPlace
from api.security import is_own_caller
from geo.errors import NotFoundError
from geo.properties import cached_property

PREFIX = "/ogc"
_FILES = frozenset(form.name for form in FEATURE_FILES)


def _sees_incidents(request: Request) -> bool:
    """Whether a caller may see single incidents: by their role, or as a caller of this machine."""
    if not settings_of(request).incidents:
        return False
    identity = identity_of(request)
    if identity.way != "local":
        return DataView.of(identity).incidents
    caller = request.client.host if request.client else None
    return is_own_caller(caller, request.headers)


@dataclass(frozen=True)
class OgcRequest:
    """A request to the OGC API.

    Attributes
    ----------
    service_answers
        The answers that all requests share.
    local
        Whether the caller may see single incidents.
    place
        Where its answer is kept; None where it is not.
    """

    request: Request
    service_answers: Answers
    local: bool
    place: ReadyPlace | None = None

    @classmethod
    def of(cls, request: Request) -> OgcRequest:
        """Add the service's answers to a request, and what its caller may see."""
        return cls(request, answers_of(request), _sees_incidents(request))

    @classmethod
    def with_place(cls, request: Request) -> OgcRequest:
        """Return what `of` does, for a request that names all that its answer depends on."""
        local = _sees_incidents(request)
        answers: ReadyAnswers = request.app.state.ready
        return cls(request, answers_of(request), local, answers.place_of(request, local))

    def ready(self) -> Response | None:
        """Return the answer where it is ready; it takes no thread."""
        if self.place is None:
            return None
        return self.place.ready(self.request.headers.get("if-none-match"))

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
        """The address that was requested, without its query."""
        return str(self.request.url.replace(query=""))

    def collections(self) -> dict[str, OgcCollection]:
        """Return the collections that lists name to the caller, by id."""
        every = collections_of(self.answers, local=self.local)
        return {name: one for name, one in every.items() if one.is_listed}

    def collection(self, collection_id: str) -> OgcCollection:
        """Return a collection.

        Raises
        ------
        HTTPException
            403 if it is for callers on this machine only.
        NotFoundError
            If there is none of that id; names those that there are.
        """
        if collection := collections_of(self.answers, local=True).get(collection_id):
            if self.local or not collection.local_only:
                return collection
            if identity_of(self.request).way == "local":
                raise HTTPException(403, "single incidents are not served to this caller")
        raise NotFoundError(
            f"there is no collection {collection_id!r}; there are: {', '.join(self.collections())}"
        )

    def described(self, collection_id: str) -> OgcCollection:
        """Return a collection that can have features.

        Raises
        ------
        HTTPException
            403 if it is for callers on this machine only.
        NotFoundError
            If there is none of that id, or it can have no feature; says why.
        """
        collection = self.collection(collection_id)
        if reason := collection.unavailable():
            raise NotFoundError(f"{collection_id} can have no features here: {reason}")
        return collection

    def consulted(
        self, collection: OgcCollection, query: Mapping[str, str], *, rows: int | None
    ) -> None:
        """Record that the caller is given single incidents; of other collections nothing.

        Parameters
        ----------
        collection, query
            What is asked.
        rows
            How many incidents; None where their number is not known before they are sent.

        Raises
        ------
        UnavailableError
            If that cannot be recorded.
        """
        if collection.local_only:
            kind = Action.EXPORT if query.get("f") in _FILES else Action.CONSULTATION
            record(self.request, action=kind, subject=collection.id, question=query, rows=rows)

    def query(self, names: Collection[str]) -> dict[str, str]:
        """Return the query parameters.

        Parameters
        ----------
        names
            Those that are allowed.

        Raises
        ------
        QuestionError
            If one is unknown or given twice.
        """
        return only(self.request, names)

    def form(self, formats: Sequence[Format]) -> Format:
        """Return the format that the caller asks for.

        Raises
        ------
        QuestionError
            If `f` names none of them.
        """
        return requested_format(self.request, formats)

    def page(self, template: str, document: Mapping[str, object], **values: object) -> Response:
        """Return a document as a page.

        Parameters
        ----------
        template
            Name in `ogc_NAME.html`.
        values
            What else the template shows.
        """
        return page_of(template, document=document, root=self.root, here=self.here, **values)

    def reply(self, form: Format, make: Callable[[], Response]) -> Response:
        """Return the answer with its ETag, or 304 where the caller has it already."""
        # Pages say who has signed in, and files are sent from where they lie.
        place = self.place if form is not HTML and form.name not in _FILES else None
        response = not_modified_or(
            self.request,
            self.answers,
            make,
            media_type=form.media_type,
            setting=f"{form.name} {self.local}",
            former=place.former() if place else None,
        )
        response.headers["vary"] = "accept"
        if place:
            place.keep(self.request, response)
        return response

    def document(
        self, make: Callable[[], Mapping[str, object]], formats: Sequence[Format], *, page: str
    ) -> Response:
        """Return a document that takes no parameter but its format.

        Parameters
        ----------
        make
            Makes the document.
        formats
            Those that it is offered in.
        page
            Name of the template that shows it.
        """
        self.query(("f",))
        return self.document_as(self.form(formats), make, page=page)

    def document_as(
        self, form: Format, make: Callable[[], Mapping[str, object]], *, page: str
    ) -> Response:
        """Return a document in one format; HTML is the page that shows it.

        Parameters
        ----------
        make
            Makes the document.
        page
            Name of the template that shows it.
        """

        def answer() -> Response:
            if form is HTML:
                return self.page(page, make())
            return Response(to_json(make()), media_type=form.media_type)

        return self.reply(form, answer)
