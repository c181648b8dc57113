"""A request for a collection's features: what it wants, and the page or file that it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Response

from api.formats.encoding import feature_collection
from api.formats.negotiation import requested_format
from api.formats.registry import FEATURE_FILES, GEOJSON_PAGE, HTML, ITEMS, JSON, SCHEMA, Format
from api.ogc.collection_links import QUERYABLES, link
from api.ogc.collections import INCIDENTS, items_of
from api.ogc.coordinates import Axes, axes_of
from api.ogc.files import Download, Wanted, file_response
from api.ogc.incident_items import incidents_by_month, no_incidents, times_of
from api.ogc.items import MOST_KEPT, Items, Positions
from api.ogc.openapi import DEFAULT_LIMIT, MOST_ITEMS, MOST_OFFSET
from api.ogc.pages import page_of
from api.ogc.properties import Property
from api.ogc.request import Asking
from api.ogc.selecting import chosen_names, select
from api.query import check_interval, whole_number
from geo.errors import QuestionError
from geo.question.model import OPTIONS


@dataclass(frozen=True)
class ItemPage:
    """A request for the items of a collection.

    Attributes
    ----------
    limit
        Features at most; None in a file that is whole.
    """

    ask: Asking
    collection_id: str
    query: Mapping[str, str]
    queryables: list[Property]
    form: Format
    limit: int | None
    offset: int

    @classmethod
    def read(cls, ask: Asking, collection_id: str) -> ItemPage:
        """Read the parameters of a request.

        Raises
        ------
        QuestionError
            With the parameter at fault.
        """
        queryables = ask.queryables(collection_id)
        query = ask.item_query(collection_id, queryables)
        form = requested_format(ask.request, ITEMS)
        limit = whole_number(query, "limit", default=DEFAULT_LIMIT, lowest=1, highest=None)
        for name, choices in _CHOICES.items():
            if query.get(name, choices[0]) not in choices:
                raise QuestionError(name, f"{query[name]!r} is none of: {', '.join(choices)}")
        if "datetime" in query:
            check_interval(query["datetime"])
        whole = form in FEATURE_FILES and "limit" not in query
        return cls(
            ask=ask,
            collection_id=collection_id,
            query=query,
            queryables=queryables,
            form=form,
            limit=None if whole else limit if form in FEATURE_FILES else min(limit, MOST_ITEMS),
            offset=whole_number(query, "offset", default=0, lowest=0, highest=MOST_OFFSET),
        )

    def reply(self) -> Response:
        """The features as the caller wants them."""
        return self.ask.reply(self.form, self._answer)

    def _answer(self) -> Response:
        if self._is_of_too_many:
            return self._file_by_months()
        found = items_of(self.ask.answers, self.collection_id, self.query)
        matched = self._select(found)
        last = len(matched) if self.limit is None else self.offset + self.limit
        wanted = self._wanted(found, matched[self.offset : last])
        return self._headed(self._form(wanted, len(matched)), wanted.axes, len(matched))

    @property
    def _is_of_too_many(self) -> bool:
        """Whether it is a file of more than should be in memory, in an order that is free."""
        return (
            self.collection_id == INCIDENTS
            and self.form in FEATURE_FILES
            and self.limit is None
            and not {"offset", "sortby"} & self.query.keys()
            and self.ask.answers.snapshot().incident_count() > MOST_KEPT
        )

    def _file_by_months(self) -> Response:
        snapshot = self.ask.answers.snapshot()
        none = no_incidents(snapshot.projection)
        # What is wrong with the parameters must come to light before the file begins.
        head = self._wanted(none, self._select(none))
        parts = (self._wanted(some, self._select(some)) for some in incidents_by_month(snapshot))
        download = Download(head, parts, snapshot.incident_count())
        response = file_response(download, self.form, self.collection_id)
        return self._headed(response, head.axes, 0)

    def _select(self, found: Items) -> Positions:
        timed = self.collection_id == INCIDENTS and "datetime" in self.query
        times = times_of(self.ask.answers.snapshot()) if timed else None
        return select(found, self.query, queryables=self.queryables, times=times)

    def _wanted(self, found: Items, positions: Positions) -> Wanted:
        return Wanted(
            found,
            positions,
            axes_of(self.query, "crs", found.projection),
            names=chosen_names(found, self.query),
            with_geometry=self.query.get("skipGeometry") != "true",
        )

    def _form(self, wanted: Wanted, matched: int) -> Response:
        if self.form in FEATURE_FILES:
            response = file_response(Download.of(wanted), self.form, self.collection_id)
            response.headers["ogc-number-matched"] = str(matched)
            return response
        hits = self.query.get("resultType") == "hits"
        body = self._page(wanted, matched, hits=hits)
        if self.form is HTML:
            return self._html(orjson.loads(body))
        return Response(body, media_type=GEOJSON_PAGE.media_type)

    def _headed(self, response: Response, axes: Axes, matched: int) -> Response:
        response.headers["content-crs"] = f"<{axes.uri}>"
        response.headers["link"] = self._link_header(matched)
        return response

    def _page(self, wanted: Wanted, matched: int, *, hits: bool) -> bytes:
        features = [] if hits else wanted.features()
        members = {
            "numberMatched": matched,
            "numberReturned": len(features),
            "links": self._links(0 if hits else matched),
        }
        return feature_collection(features, {**members, **wanted.items.members})

    def _html(self, document: dict[str, Any]) -> Response:
        one = {name: text for name, text in self.query.items() if name in _OPTIONS}
        return page_of(
            "items",
            document=document | {"id": self.collection_id, "offset": self.offset},
            root=self.ask.root,
            here=self.ask.here,
            links={told["rel"]: told["href"] for told in document["links"]},
            as_json=self._whole(GEOJSON_PAGE, "crs"),
            files=[
                {"title": form.label, "href": self._whole(form, "limit", "offset")}
                for form in FEATURE_FILES
            ],
            question=f"?{urlencode({**one, 'f': 'html'}, safe='/:,.')}",
        )

    def _whole(self, form: Format, *without: str) -> str:
        kept = {name: text for name, text in self.query.items() if name not in without}
        return f"{self.ask.here}?{urlencode({**kept, 'f': form.name}, safe='/:,.')}"

    def _links(self, matched: int) -> list[dict[str, str]]:
        found = [
            link(str(self.ask.request.url), "self", self.form.media_type, "This page"),
            link(self._address(f="html"), "alternate", HTML.media_type, "This page as HTML"),
            link(self._collection, "collection", JSON.media_type, "The collection"),
        ]
        if following := self._following(matched):
            found.append(link(following, "next", self.form.media_type, "The next page"))
        if self.offset:
            earlier = max(0, self.offset - (self.limit or 0))
            before = self._address(limit=str(self.limit), offset=str(earlier))
            found.append(link(before, "prev", self.form.media_type, "The page before"))
        return found

    def _link_header(self, matched: int) -> str:
        """What the links of a page say, also for a file and for a caller who wants only the head.

        A file that ends before its collection says here where the rest is.
        """
        queryables = f"{self._collection}/queryables"
        links = [
            (self._address(), "self", self.form),
            (self._address(f="html"), "alternate", HTML),
            (queryables, QUERYABLES, SCHEMA),
        ]
        if following := self._following(matched):
            links.append((following, "next", self.form))
        return ", ".join(
            f'<{href}>; rel="{rel}"; type="{form.media_type}"' for href, rel, form in links
        )

    def _following(self, matched: int) -> str:
        following = self.offset + (self.limit or matched)
        if following >= matched:
            return ""
        return self._address(limit=str(self.limit), offset=str(following))

    @property
    def _collection(self) -> str:
        return self.ask.here.rpartition("/")[0]

    @cached_property
    def _parameters(self) -> dict[str, str]:
        """The parameters as an address has them, each by its name."""
        return {name: urlencode({name: text}, safe="/:,.") for name, text in self.query.items()}

    def _address(self, **changed: str) -> str:
        """The address of the same features, with some plain parameters changed."""
        plain = {name: f"{name}={text}" for name, text in changed.items()}
        return "?".join(
            filter(None, [self.ask.here, "&".join((self._parameters | plain).values())])
        )


_OPTIONS = frozenset(option.name for option in OPTIONS)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "resultType": ("results", "hits"),
    "skipGeometry": ("false", "true"),
}
