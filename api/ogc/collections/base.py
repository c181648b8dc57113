"""What every collection of the OGC API is, whatever its features are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, NotRequired, TypedDict, get_args

from api.answers import Answers
from api.formats.registry import FEATURE_FILES, GEOJSON_PAGE, HTML, JSON, SCHEMA
from api.ogc.coordinates import offered
from api.ogc.items import Items, Kind
from api.ogc.links import QUERYABLES, Link, link
from api.ogc.parameters import ITEM_NAMES
from api.ogc.properties import Property
from api.snapshot import Snapshot
from geo.period import Moments, Period

GeometryFormat = Literal[
    "geometry-point",
    "geometry-multipoint",
    "geometry-multilinestring",
    "geometry-polygon",
    "geometry-multipolygon",
]
_KINDS: Mapping[GeometryFormat, Kind] = {
    "geometry-point": "Point",
    "geometry-multipoint": "MultiPoint",
    "geometry-multilinestring": "MultiLineString",
    "geometry-polygon": "Polygon",
    "geometry-multipolygon": "MultiPolygon",
}
BoundingBox = tuple[float, float, float, float]
"""West, south, east and north."""

Group = Literal["Boundaries", "Boundary plans", "Answers", "Tasking", "Incidents"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
"""What collections are listed under, in this order."""


class Terms(TypedDict, total=False):
    """Who published the data of a collection, on which terms, and what to keep in mind."""

    attribution: str
    license: str
    caveats: list[str]
    metadata: dict[str, str]


class Summary(Terms):
    """What a collection says of itself, as the members of its document."""

    title: str
    description: NotRequired[str]


class SpatialExtent(TypedDict):
    """Where features lie."""

    bbox: list[list[float]]
    crs: str


class TemporalExtent(TypedDict):
    """When features happened."""

    interval: list[list[str]]


class Extent(TypedDict, total=False):
    """Where and when the features of a collection are."""

    spatial: SpatialExtent
    temporal: TemporalExtent


class Document(Summary):
    """The description of a collection, as the standard asks for it."""

    id: str
    itemType: str
    crs: list[str]
    storageCrs: str
    extent: Extent
    links: list[Link]


@dataclass(frozen=True)
class ItemParts:
    """Features that are too many for memory, part after part.

    Attributes
    ----------
    head
        Has the properties of all and may have no feature.
    parts
        All features; read once.
    count
        How many features there are.
    """

    head: Items
    parts: Iterator[Items]
    count: int


@dataclass(frozen=True)
class ItemsOfPage:
    """The features of one page.

    Attributes
    ----------
    items
        Those on it.
    count
        How many there are on all pages.
    """

    items: Items
    count: int


class Collection(ABC):
    """A set of features with one address: the one way anything is served by the OGC API.

    Attributes
    ----------
    id
        The last part of its address.
    geometry
        The geometries of its features, as its schema names them.
    group
        What people find it under in a list.
    local_only
        Whether only callers on this machine may see it.
    options
        The options of a Question that its items take as parameters.
    merges_points
        Whether tiles of the first zoom levels hold one point for each pixel.
    """

    geometry: GeometryFormat = "geometry-multipolygon"
    group: ClassVar[Group] = "Answers"
    local_only: ClassVar[bool] = False
    options: ClassVar[tuple[str, ...]] = ()
    merges_points: bool = False

    def __init__(self, collection_id: str, answers: Answers) -> None:
        self.id = collection_id
        self.answers = answers

    @property
    def kind(self) -> Kind:
        """The type of its geometries, as GeoJSON names it."""
        return _KINDS[self.geometry]

    @property
    def snapshot(self) -> Snapshot:
        """The state of the store that the features come from."""
        return self.answers.snapshot()

    @property
    @abstractmethod
    def title(self) -> str:
        """What people call it."""

    @abstractmethod
    def summary(self) -> Summary:
        """Return what the collection says of itself: title, description, terms and caveats."""

    @abstractmethod
    def items(self, query: Mapping[str, str]) -> Items:
        """Return the features, for the Question of the parameters where it answers one.

        Raises
        ------
        QuestionError
            If the parameters are no Question that the data can answer.
        """

    def unavailable(self) -> str:
        """Return why no plain request can have features, '' where one can.

        An empty collection would say that there is none of them.
        """
        return ""

    @property
    def is_listed(self) -> bool:
        """Whether lists of collections name it; by its own name it is served in any case."""
        return not self.unavailable()

    def key(self, query: Mapping[str, str]) -> str:
        """Return a name for `items(query)` that equal features share."""
        del query  # only answers depend on it
        return self.id

    def properties(self) -> list[Property]:
        """Return the properties that its features can have."""
        return self.items({}).properties

    def queryables(self) -> list[Property]:
        """Return the properties that are parameters: those whose name means nothing else."""
        taken = ITEM_NAMES.union(self.options)
        return [one for one in self.properties() if one.name not in taken]

    def parts(self) -> ItemParts | None:
        """Return the features in parts where they are too many for memory, else None."""
        return None

    def page(self, start: int, count: int) -> ItemsOfPage | None:
        """Return some features of a plain request where all are too many for memory, else None.

        Parameters
        ----------
        start, count
            How many are passed over, and how many are returned at most.
        """
        del start, count
        return None

    def items_with(self, query: Mapping[str, str], feature_id: str) -> Items:
        """Return features among which is that of an id, if there is one."""
        del feature_id
        return self.items(query)

    def event_times(self) -> Period | None:
        """Return the days that `datetime` is about; None where features have no time."""
        return None

    @abstractmethod
    def extent_box(self) -> BoundingBox | None:
        """Return a box in degrees that holds the features of a plain request; None without any."""

    def extent_times(self) -> Moments | None:
        """Return the moments that the collection covers; None where it has no times."""
        return None

    def further_links(self, root: str) -> list[Link]:
        """Return what else its document links to; `root` is the address of the landing page."""
        del root
        return []

    @property
    def searched_text(self) -> str:
        """What a search for words looks at: id, title and description."""
        return "\n".join([self.id, self.title, self.summary().get("description", "")])

    def document(self, root: str) -> Document:
        """Return the description of the collection.

        Parameters
        ----------
        root
            The address of the landing page.
        """
        systems = offered(self.snapshot.projection)
        return {
            "id": self.id,
            **self.summary(),
            "itemType": "feature",
            "crs": list(systems),
            "storageCrs": next(uri for uri, axes in systems.items() if not axes.in_degrees),
            "extent": self._extent(),
            "links": [*_links(f"{root}/collections/{self.id}"), *self.further_links(root)],
        }

    def _extent(self) -> Extent:
        extent: Extent = {}
        if box := self.extent_box():
            crs = next(iter(offered(self.snapshot.projection)))
            extent["spatial"] = {"bbox": [list(box)], "crs": crs}
        if times := self.extent_times():
            moments = [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (times.first, times.last)]
            extent["temporal"] = {"interval": [moments]}
        return extent


def _links(address: str) -> list[Link]:
    relation = "http://www.opengis.net/def/rel/ogc/1.0"
    return [
        link(address, "self", JSON, "This document"),
        link(f"{address}?f=html", "alternate", HTML, "This document as HTML"),
        # GDAL takes the GeoJSON link among the items for the one that has pages.
        link(f"{address}/items", "items", GEOJSON_PAGE, "The features"),
        link(f"{address}/items?f=html", "items", HTML, "The features as HTML"),
        *(
            link(f"{address}/items?f={form.name}", "enclosure", form, form.label)
            for form in FEATURE_FILES
        ),
        link(f"{address}/tiles", f"{relation}/tilesets-vector", JSON, "Vector tiles"),
        link(f"{address}/styles", f"{relation}/styles", JSON, "Styles"),
        link(f"{address}/queryables", QUERYABLES, SCHEMA, "Properties to filter by"),
        link(f"{address}/schema", f"{relation}/schema", SCHEMA, "The properties of the features"),
    ]
