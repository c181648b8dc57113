"""Attributes of areas as columns of a table: which type each has, and their values."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

Kind = Literal["boolean", "integer", "number", "text"]


def attribute_kind(column: pd.Series) -> Kind:
    """The type of an attribute. One without any value is text, unless its dtype is a number."""
    values = column.dropna()
    # By the values, because booleans with gaps come as objects, numbers or `boolean`.
    if len(values) and values.map(is_boolean).all():
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    return "number" if pd.api.types.is_numeric_dtype(column) else "text"


def attribute_rows(areas: gpd.GeoDataFrame) -> list[list[object]]:
    """The values of all columns but the geometry, row by row, with None for what is missing."""
    attributes = areas.drop(columns=areas.geometry.name).astype(object)
    rows: list[list[object]] = attributes.where(attributes.notna(), None).to_numpy().tolist()
    return rows


def is_boolean(value: object) -> bool:
    """Whether a value is true or false, in Python or numpy."""
    return isinstance(value, bool | np.bool_)
