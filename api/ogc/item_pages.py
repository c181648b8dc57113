"""A request for a collection's features: its parameters, and the page or file that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

import orjson
from fastapi import Response

from api.formats.encoding import feature_collection
from api.formats.registry import CSV, FEATURE_FILES, GEOJSON_PAGE, HTML, ITEMS, JSON, SCHEMA, Format
from api.ogc.collections.base import Collection, ItemParts
from api.ogc.coordinates import axes_of
from api.ogc.files import CsvForm, CsvGeometry, Download, file_response
from api.ogc.items import Items, Positions
from api.ogc.links import QUERYABLES, Link, link
from api.ogc.parameters import DEFAULT_LIMIT, ITEM_NAMES, MAX_ITEMS, MAX_OFFSET
from api.ogc.properties import Property
from api.ogc.request import OgcRequest
from api.ogc.selection import FeatureSelection, select
from api.query import check_interval, whole_number
from geo.errors import QuestionError
from geo.properties import cached_property
from geo.question.kinds import one_of

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "resultType": ("results", "hits"),
    "skipGeometry": ("false", "true"),
    "geometry": ("wkt", "xy", "none"),
    "bom": ("false", "true"),
}
"""The values of parameters that have few, the default first."""


_SELECTING = frozenset({"bbox", "datetime", "filter", "sortby"})
"""Without these and properties, a page has some of all features in their own order."""


@dataclass(frozen=True)
class ItemPage:
    """A request for the items of a collection.

    Attributes
    ----------
    limit
        Most features; None in a file that holds all.
    """

    request: OgcRequest
    collection: Collection
    query: Mapping[str, str]
    queryables: list[Property]
    form: Format
    limit: int | None
    offset: int

    @classmethod
    def read(cls, request: OgcRequest, collection: Collection) -> ItemPage:
        """Read the parameters of a request.

        Raises
        ------
        QuestionError
            With the parameter at fault.
        """
        queryables = collection.queryables()
        names = ITEM_NAMES.union(collection.options, (one.name for one in queryables))
        query = request.query(names)
        form = request.form(ITEMS)
        limit = whole_number(query, "limit", default=DEFAULT_LIMIT, lowest=1, highest=None)
        for name, choices in _CHOICES.items():
            if query.get(name, choices[0]) not in choices:
                raise QuestionError(
                    name, f"unknown value {query[name]!r}; choose {one_of(choices)}"
                )
        # Generated clients send each default: bom=false changes nothing anywhere.
        of_csv = (name for name in ("geometry", "bom") if query.get(name, "false") != "false")
        if form is not CSV and (only_csv := next(of_csv, "")):
            raise QuestionError(only_csv, "only CSV takes it; use f=csv, or leave it out")
        if "datetime" in query:
            check_interval(query["datetime"])
        for name in ("bbox-crs", "filter-crs"):
            # Also where there is no box or filter that would be read in it.
            axes_of(query, name, collection.snapshot.projection)
        all_in_file = form in FEATURE_FILES and "limit" not in query
        # A page is cut to the most that it may have, as the standard asks; a file is not.
        most = limit if form in FEATURE_FILES else min(limit, MAX_ITEMS)
        return cls(
            request=request,
            collection=collection,
            query=query,
            queryables=queryables,
            form=form,
            limit=None if all_in_file else most,
            offset=whole_number(query, "offset", default=0, lowest=0, highest=MAX_OFFSET),
        )

    def reply(self) -> Response:
        """Return the features as the caller asked for them."""
        return self.request.reply(self.form, self._answer)

    def _answer(self) -> Response:
        # Parts come in an order of their own, so nothing may be skipped or sorted.
        whole = self.form in FEATURE_FILES and self.limit is None
        if whole and not {"offset", "sortby"} & self.query.keys():
            parts = self.collection.parts()
            if parts is not None:
                return self._file_of_parts(parts)
        selection, matched = self._page_found()
        hits = self.query.get("resultType") == "hits"
        rows = 0 if hits else len(selection.positions)
        self.request.consulted(self.collection, self.query, rows=rows)
        response = self._response(selection, matched)
        return self._with_headers(response, selection.axes.uri, matched)

    def _page_found(self) -> tuple[FeatureSelection, int]:
        """The features of the page, and how many there are on all pages."""
        selecting = _SELECTING.union(one.name for one in self.queryables)
        if self.limit is not None and selecting.isdisjoint(self.query):
            page = self.collection.page(self.offset, self.limit)
            if page is not None:
                return self._selection(page.items, range(len(page.items))), page.count
        items = self.collection.items(self.query)
        matched = self._select(items)
        last = len(matched) if self.limit is None else self.offset + self.limit
        return self._selection(items, matched[self.offset : last]), len(matched)

    def _file_of_parts(self, parts: ItemParts) -> Response:
        # What is wrong with the parameters must come to light before the file begins.
        head = self._selection(parts.head, self._select(parts.head))
        # How many will match is not known before all were read.
        self.request.consulted(self.collection, self.query, rows=None)
        selections = (self._selection(part, self._select(part)) for part in parts.parts)
        download = Download(head, selections, parts.count, self._csv)
        return self._with_headers(self._file(download), head.axes.uri, 0)

    @property
    def _csv(self) -> CsvForm:
        points = self.collection.kind == "Point"
        geometry = self.query.get("geometry") or ("xy" if points else "wkt")
        return CsvForm(cast("CsvGeometry", geometry), mark=self.query.get("bom") == "true")

    def _file(self, download: Download) -> Response:
        turns = self.request.service_answers.turns
        return file_response(download, self.form, self.collection.id, turns=turns)

    def _select(self, items: Items) -> Positions:
        times = self.collection.event_times() if "datetime" in self.query else None
        return select(items, self.query, queryables=self.queryables, times=times)

    def _selection(self, items: Items, positions: Positions) -> FeatureSelection:
        return FeatureSelection.of_query(items, positions, self.query)

    def _response(self, selection: FeatureSelection, matched: int) -> Response:
        if self.form in FEATURE_FILES:
            response = self._file(Download.of(selection, self._csv))
            response.headers["ogc-number-matched"] = str(matched)
            return response
        hits = self.query.get("resultType") == "hits"
        body = self._page(selection, matched, hits=hits)
        if self.form is HTML:
            return self._html(orjson.loads(body))
        return Response(body, media_type=GEOJSON_PAGE.media_type)

    def _with_headers(self, response: Response, crs: str, matched: int) -> Response:
        response.headers["content-crs"] = f"<{crs}>"
        response.headers["link"] = self._link_header(matched)
        return response

    def _page(self, selection: FeatureSelection, matched: int, *, hits: bool) -> bytes:
        features = [] if hits else selection.features()
        members = {
            "numberMatched": matched,
            "numberReturned": len(features),
            "links": self._links(0 if hits else matched),
        }
        return feature_collection(
            features,
            {**members, **selection.items.members},
            before=selection.axes.members,
        )

    def _html(self, document: dict[str, Any]) -> Response:
        question = {
            name: self.query[name] for name in self.query if name in self.collection.options
        }
        return self.request.page(
            "items",
            document | {"id": self.collection.id, "offset": self.offset},
            links={one["rel"]: one["href"] for one in document["links"]},
            as_json=self._in_format(GEOJSON_PAGE, without=("crs",)),
            files=[
                {"title": form.label, "href": self._in_format(form, without=("limit", "offset"))}
                for form in FEATURE_FILES
            ],
            question=f"?{urlencode({**question, 'f': 'html'}, safe='/:,.')}",
        )

    def _in_format(self, form: Format, *, without: tuple[str, ...]) -> str:
        """Return the address of the same features in another format."""
        others = {name: text for name, text in self.query.items() if name not in without}
        return f"{self.request.here}?{urlencode({**others, 'f': form.name}, safe='/:,.')}"

    def _links(self, matched: int) -> list[Link]:
        links = [
            link(str(self.request.request.url), "self", self.form, "This page"),
            link(self._address(f="html"), "alternate", HTML, "This page as HTML"),
            link(self._collection_address, "collection", JSON, "The collection"),
        ]
        if following := self._following(matched):
            links.append(link(following, "next", self.form, "The next page"))
        if self.offset:
            earlier = max(0, self.offset - (self.limit or 0))
            before = self._address(limit=str(self.limit), offset=str(earlier))
            links.append(link(before, "prev", self.form, "The previous page"))
        return links

    def _link_header(self, matched: int) -> str:
        """Return the links of a page as a header: files have no other place for them.

        A file that ends before its collection links to the rest here.
        """
        queryables = f"{self._collection_address}/queryables"
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
    def _collection_address(self) -> str:
        return self.request.here.rpartition("/")[0]

    @cached_property
    def _parameters(self) -> dict[str, str]:
        """The parameters as an address has them, each by its name."""
        return {name: urlencode({name: text}, safe="/:,.") for name, text in self.query.items()}

    def _address(self, **changed: str) -> str:
        """Return the address of the same features, with some plain parameters changed."""
        plain = {name: f"{name}={text}" for name, text in changed.items()}
        return "?".join(
            filter(None, [self.request.here, "&".join((self._parameters | plain).values())])
        )
