"""Harm tables: what an incident of each category weighs, by name and with its source.

None is shipped: the Cambridge Crime Harm Index and the ONS Crime Severity Score belong to those
who publish them, and neither gives anti-social behaviour a weight. So a table says that weight
itself, where everyone who reads a map that rests on it can see it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError, QuestionError
from geo.incidents import category_slug

WEIGHTS_SETTING: Final = "weights {}"
"""Under which setting a store keeps a harm table."""

UNWEIGHTED: Final = "anti-social-behaviour"
"""The category that no published table weighs."""

LARGEST: Final = 2**20


@dataclass(frozen=True)
class HarmTable:
    """What an incident weighs, by category.

    Attributes
    ----------
    title, source
        What it is called, and where its numbers are from.
    weights
        A positive number or 0 for each category, in one unit: days in prison, or points.
    """

    title: str
    source: str
    weights: Mapping[str, float]

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> HarmTable:
        """The table that `as_dict` wrote."""
        return cls(**kept)

    def as_dict(self) -> dict[str, Any]:
        """The table as a store keeps it."""
        return asdict(self)

    def of(self, categories: pd.Series) -> NDArray[np.float64]:
        """The weight of each incident.

        Raises
        ------
        QuestionError
            If the table says nothing of a category that occurs.
        """
        names = categories.astype(str)
        unknown = sorted(set(names.unique()) - set(self.weights))
        if unknown:
            raise QuestionError(
                "weight",
                f"{self.title} says nothing of: {', '.join(unknown)}; add it, or ask for "
                "other categories",
            )
        return np.asarray(names.map(dict(self.weights)), dtype=float)


def read_weights(content: bytes, *, file: str) -> HarmTable:
    """Read a harm table: TOML with `title`, `source` and a table `[weights]`.

    Raises
    ------
    InputError
        If it is no such TOML, a weight is no number of 0 or more, all are 0, or anti-social
        behaviour has none.
    """
    values = _toml(content, file)
    unknown = set(values) - {"title", "source", "weights"}
    if unknown:
        raise InputError(
            f"{file}: {sorted(unknown)[0]!r} is no key; there are: title, source, weights"
        )
    for name in ("title", "source"):
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise InputError(f"{file}: {name} is missing: say what it is and where it is from")
    weights = values.get("weights")
    if not isinstance(weights, dict) or not weights:
        raise InputError(f"{file}: a table [weights] is missing: category = weight")
    table = {category_slug(name): _weight(name, told, file) for name, told in weights.items()}
    if UNWEIGHTED not in table:
        raise InputError(
            f"{file} gives no weight to {UNWEIGHTED}: no published table does, so say your own, "
            "0 to leave it out"
        )
    if not any(table.values()):
        raise InputError(f"{file}: every weight is 0")
    return HarmTable(values["title"].strip(), values["source"].strip(), table)


def _toml(content: bytes, file: str) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise InputError(f"{file} is longer than {LARGEST:,} bytes")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is no TOML: {str(error).splitlines()[0][:200]}") from error


def _weight(name: str, told: object, file: str) -> float:
    number = isinstance(told, int | float) and not isinstance(told, bool)
    weight = float(str(told)) if number else math.nan
    if not (math.isfinite(weight) and weight >= 0):
        raise InputError(f"{file}: the weight of {name!r} must be a number of 0 or more")
    return weight
