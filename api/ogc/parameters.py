"""The query parameters of items and tiles, as OpenAPI 3.0 describes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from api.formats.registry import FEATURE_FILES, Format
from api.ogc.cql2.parse import LANGUAGES, MAX_CHARACTERS
from api.ogc.properties import Property
from geo.question.model import OPTIONS
from geo.question.options import Option

DEFAULT_LIMIT = 1_000
MAX_ITEMS = 10_000
"""Features on a page."""

MAX_OFFSET = 2**31 - 1

JsonSchema = Mapping[str, object]
Parameter = TypedDict(
    "Parameter",
    {
        "name": str,
        "in": str,
        "required": bool,
        "description": str,
        "schema": JsonSchema,
        "style": NotRequired[str],
        "explode": NotRequired[bool],
        "example": NotRequired[object],
    },
)


def query_parameter(name: str, description: str, schema: JsonSchema) -> Parameter:
    """Describe a parameter of the query; an array's values have commas between them."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "style": "form",
        "explode": False,
        "schema": dict(schema),
    }


def path_parameter(name: str, description: str, schema: JsonSchema) -> Parameter:
    """Describe a part of the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": schema,
    }


def format_parameter(formats: Sequence[Format]) -> Parameter:
    """Describe the parameter `f`."""
    labels = "; ".join(f"{form.name}: {form.label}" for form in formats)
    return query_parameter(
        "f",
        f"Format of the answer ({labels}); without it the header Accept decides",
        {"type": "string", "enum": [form.name for form in formats]},
    )


def _integer(lowest: int, highest: int, default: int) -> JsonSchema:
    return {"type": "integer", "minimum": lowest, "maximum": highest, "default": default}


_TEXT: JsonSchema = {"type": "string", "maxLength": 500}
_FILE_NAMES = ", ".join(form.name for form in FEATURE_FILES)

PAGING = [
    query_parameter(
        "limit",
        f"Most features on a page; files ({_FILE_NAMES}) hold all features unless it is given",
        _integer(1, MAX_ITEMS, DEFAULT_LIMIT),
    ),
    query_parameter("offset", "Features to skip", _integer(0, MAX_OFFSET, 0)),
]
SEARCH = query_parameter(
    "q",
    "Only collections that hold all these words in their id, title or description",
    {"type": "string", "maxLength": 500},
)
BBOX = query_parameter(
    "bbox",
    "Only features that touch this box: west, south, east, north in `bbox-crs`",
    {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
)
FILTERING = [
    query_parameter(
        "filter",
        "A CQL2 condition on the properties and the geometry",
        {"type": "string", "maxLength": MAX_CHARACTERS},
    ),
    query_parameter(
        "filter-lang",
        "Language of `filter`",
        {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]},
    ),
    query_parameter(
        "sortby",
        "Properties to sort by, with commas between them; - before a name sorts in descending "
        "order",
        _TEXT,
    ),
    query_parameter("properties", "Only these properties, with commas between them", _TEXT),
    query_parameter(
        "skipGeometry", "Leave the geometry out", {"type": "boolean", "default": False}
    ),
    query_parameter(
        "resultType",
        "hits: only the number of features",
        {"type": "string", "enum": ["results", "hits"], "default": "results"},
    ),
]
CSV_FORM = [
    query_parameter(
        "geometry",
        "Geometry in a CSV: none, xy (coordinates; of an area, of a point inside) or wkt; without "
        "it points have coordinates and areas well-known text",
        {"type": "string", "enum": ["none", "xy", "wkt"]},
    ),
    query_parameter(
        "bom",
        "Begin a CSV with a byte order mark, by which Excel knows that it is UTF-8",
        {"type": "boolean", "default": False},
    ),
]
_CRS_PARAMETERS = {
    "crs": "Reference system of the answer",
    "bbox-crs": "Reference system of `bbox`",
    "filter-crs": "Reference system of geometries in `filter`",
}
ITEM_NAMES = frozenset(
    {
        "f",
        "bbox",
        "datetime",
        *_CRS_PARAMETERS,
        *(one["name"] for one in (*PAGING, *FILTERING, *CSV_FORM)),
    }
)
"""The parameters that the items of every collection take."""

SELECTING = frozenset({"datetime", "filter", "filter-lang", "filter-crs"})
"""Those that tiles take too: they say which features there are."""


def crs_parameters(systems: Sequence[str]) -> list[Parameter]:
    """Describe the parameters that name a reference system; the first system is the default."""
    schema: JsonSchema = {"type": "string", "enum": list(systems), "default": systems[0]}
    return [query_parameter(name, text, schema) for name, text in _CRS_PARAMETERS.items()]


def option_parameters(names: Sequence[str]) -> list[Parameter]:
    """Describe options of a Question."""
    return [_option_parameter(option) for option in OPTIONS if option.name in names]


def _option_parameter(option: Option) -> Parameter:
    parameter = query_parameter(option.name, option.help, option.schema)
    if option.example:
        parameter["example"] = _example(option.example, option.schema.get("type"))
    return parameter


def _example(text: str, kind: object) -> object:
    """Return an example in its own type: a client that is generated puts it into code."""
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    if kind == "boolean":
        return text == "true"
    return text.split(",") if kind == "array" else text


def property_parameter(one: Property) -> Parameter:
    """Describe a property as a parameter."""
    schema = {"type": one.kind} | ({"format": one.form} if one.form else {})
    return query_parameter(one.name, f"Only features whose {one.name} has this value", schema)
