"""The fields of a layer, and its features as a table of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from api.arcgis.ids import object_ids
from api.ogc.collections.base import Collection
from api.ogc.items import Items
from api.ogc.properties import Property
from geo.properties import cached_property

_TYPES: Final[Mapping[str, str]] = {
    "integer": "esriFieldTypeInteger",
    "number": "esriFieldTypeDouble",
    "boolean": "esriFieldTypeSmallInteger",
    "string": "esriFieldTypeString",
}
_DATE: Final = "esriFieldTypeDate"
_TEXT_LENGTH: Final = 4_000
_YES_OR_NO: Final = {
    "type": "codedValue",
    "name": "YesOrNo",
    "codedValues": [{"name": "No", "code": 0}, {"name": "Yes", "code": 1}],
}


@dataclass(frozen=True)
class Field:
    """A field of a layer.

    Attributes
    ----------
    name
        Letters, digits and `_`, as ArcGIS asks.
    origin
        The property that it is.
    """

    name: str
    origin: Property

    @property
    def esri_type(self) -> str:
        """Its type, as ArcGIS names it."""
        if self.origin.form == "date-time":
            return _DATE
        # Sums of money in pence have more than 32 bits.
        kind = "number" if self.name.endswith("_pence") else self.origin.kind
        return _TYPES[kind]

    def document(self) -> dict[str, object]:
        """Return the field as a layer's description has it."""
        kind = self.esri_type
        sized = {"esriFieldTypeString": {"length": _TEXT_LENGTH}, _DATE: {"length": 8}}
        return {
            "name": self.name,
            "type": kind,
            "alias": self.origin.title or self.origin.name,
            **sized.get(kind, {}),
            "nullable": True,
            "editable": False,
            "domain": _YES_OR_NO if self.origin.kind == "boolean" else None,
            "defaultValue": None,
        }


@dataclass(frozen=True)
class Fields:
    """The fields of a layer, and that of its object ids.

    Attributes
    ----------
    id_name
        The field of object ids: `OBJECTID`, or another name where the layer has one of its own.
    """

    fields: Sequence[Field]
    id_name: str

    @classmethod
    def of(cls, properties: Sequence[Property]) -> Fields:
        """Return the fields for some properties, with names that ArcGIS takes."""
        names: dict[str, Field] = {}
        for one in properties:
            plain = re.sub(r"\W", "_", one.name)
            name = _distinct(f"f_{plain}" if not plain[:1].isalpha() else plain, names)
            names[name.lower()] = Field(name, one)
        return cls(list(names.values()), _distinct("OBJECTID", names))

    @cached_property
    def by_name(self) -> Mapping[str, str]:
        """The name of each field by that in small letters, that of object ids first."""
        return {name.lower(): name for name in (self.id_name, *(one.name for one in self.fields))}

    @property
    def display(self) -> str:
        """The field that says best what a feature is: a name, else a text."""
        names = [one.name for one in self.fields if one.origin.kind == "string"]
        named = (name for name in names if name.endswith("name") or name == "title")
        return next(named, names[0] if names else self.id_name)

    def name_of(self, origin: str) -> str:
        """Return the name of the field of a property; '' where there is none."""
        return next((one.name for one in self.fields if one.origin.name == origin), "")

    def documents(self, names: Sequence[str] | None = None) -> list[dict[str, object]]:
        """Return the description of all fields, or of some of them."""
        own = {
            "name": self.id_name,
            "type": "esriFieldTypeOID",
            "alias": self.id_name,
            "nullable": False,
            "editable": False,
            "domain": None,
            "defaultValue": None,
        }
        every = {self.id_name: own} | {one.name: one.document() for one in self.fields}
        return [every[name] for name in (every if names is None else names)]

    def table(self, items: Items) -> Items:
        """Return features with their fields as properties: object id first, truth as 0 or 1."""
        columns: dict[str, object] = {self.id_name: object_ids(items.ids)}
        for one in self.fields:
            columns[one.name] = self._column(items.table, one)
        return Items(
            pd.DataFrame(columns, index=items.table.index),
            items.ids,
            geometries=items.geometries,
            projection=items.projection,
            cache=False,
        )

    def _column(self, table: pd.DataFrame, field: Field) -> pd.Series:
        if field.origin.name not in table:
            # Some answers only have it for other Questions.
            kinds = {_TYPES["string"]: "object", _DATE: "datetime64[s, UTC]"}
            kind = kinds.get(field.esri_type, "Float64")
            return pd.Series(None, index=table.index, dtype=kind)
        column = table[field.origin.name]
        return column.astype("Int64") if field.origin.kind == "boolean" else column


def _distinct(name: str, taken: Mapping[str, object]) -> str:
    number, distinct = 0, name
    while distinct.lower() in taken:
        number += 1
        distinct = f"{name}_{number}"
    return distinct


@dataclass(frozen=True)
class Layer:
    """A collection as a layer of the FeatureServer."""

    number: int
    collection: Collection

    @cached_property
    def fields(self) -> Fields:
        """Its fields."""
        return Fields.of(self.collection.properties())

    def items(self, question: Mapping[str, str]) -> Items:
        """Return its features, with their fields as properties.

        Parameters
        ----------
        question
            Options of a Question, where the collection answers one.

        Raises
        ------
        QuestionError
            If they are no Question that the data can answer.
        """
        collection = self.collection
        items = collection.items(question)
        fields = self.fields if self.fields.fields else Fields.of(items.properties)
        return collection.answers.cached(
            f"fields of {collection.key(question)}",
            lambda _: fields.table(collection.items(question)),
            light=True,
        )
