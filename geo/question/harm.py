"""Harm tables: the weight of an incident by its category.

None is shipped: the Cambridge Crime Harm Index and the ONS Crime Severity Score belong to their
publishers, and neither weighs anti-social behaviour. So a table must state that weight itself,
where everyone who reads a map made with it can see it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError, QuestionError
from geo.incidents import category_slug
from geo.store.contract import Setting

WEIGHTS_SETTING: Final = "weights {}"
"""Name of the setting that stores a harm table, by its id."""

UNWEIGHTED: Final = "anti-social-behaviour"
"""The category that no published table weighs: each table must."""

LARGEST: Final = 2**20
"""Bytes of a file, at most."""


@dataclass(frozen=True)
class HarmTable:
    """The weight of an incident, by category.

    Attributes
    ----------
    title, source
        Its name, and who published its numbers.
    weights
        A number of 0 or more for each category, all in one unit: days in prison, or points.
    """

    title: str
    source: str
    weights: Mapping[str, float]

    @classmethod
    def read(cls, setting: Mapping[str, object]) -> HarmTable:
        """Read what `as_dict` wrote."""
        weights = setting["weights"]
        numbers = weights if isinstance(weights, dict) else {}
        return cls(str(setting["title"]), str(setting["source"]), numbers)

    def as_dict(self) -> dict[str, Setting]:
        """The table as a store's setting."""
        return {"title": self.title, "source": self.source, "weights": {**self.weights}}

    def of(self, categories: pd.Series) -> NDArray[np.float64]:
        """The weight of each incident.

        Raises
        ------
        QuestionError
            If a category has no weight.
        """
        names = categories.astype(str)
        unknown = sorted(set(names.unique()) - set(self.weights))
        if unknown:
            raise QuestionError(
                "weight",
                f"{self.title} has no weight for {', '.join(unknown)}; add it to the table, or "
                "choose other categories",
            )
        return np.asarray(names.map(dict(self.weights)), dtype=float)


def harm_tables(settings: Mapping[str, Setting]) -> dict[str, HarmTable]:
    """Return the harm tables among a store's settings, by id."""
    prefix = WEIGHTS_SETTING.format("")
    return {
        key.removeprefix(prefix): HarmTable.read(table)
        for key, table in settings.items()
        if key.startswith(prefix) and isinstance(table, dict)
    }


def read_weights(content: bytes, *, file: str) -> HarmTable:
    """Read a harm table: TOML with `title`, `source` and a table `[weights]`.

    Parameters
    ----------
    content
        The file's bytes, UTF-8.
    file
        The file's name, for refusals.

    Returns
    -------
    The table.

    Raises
    ------
    InputError
        If it is not such TOML, a weight is not a number of 0 or more, all are 0, or anti-social
        behaviour has none.
    """
    values = _toml(content, file)
    unknown = set(values) - {"title", "source", "weights"}
    if unknown:
        raise InputError(
            f"{file}: unknown key {sorted(unknown)[0]!r}; choose title, source or weights"
        )
    for name in ("title", "source"):
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise InputError(
                f"{file}: {name} is missing; write the name of the table and who published it"
            )
    weights = values.get("weights")
    if not isinstance(weights, dict) or not weights:
        raise InputError(
            f"{file}: the table [weights] is missing; write category = weight, one a line"
        )
    table = {category_slug(name): _weight(name, value, file) for name, value in weights.items()}
    if UNWEIGHTED not in table:
        raise InputError(
            f"{file} has no weight for {UNWEIGHTED}: no published table has one, so add your own "
            "(0 leaves it out)"
        )
    if not any(table.values()):
        raise InputError(f"{file}: every weight is 0; give some category a weight")
    return HarmTable(values["title"].strip(), values["source"].strip(), table)


def _toml(content: bytes, file: str) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise InputError(f"{file} is larger than {LARGEST:,} bytes")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file} is not TOML: {str(error).splitlines()[0][:200]}") from error


def _weight(name: str, value: object, file: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    weight = float(str(value)) if number else math.nan
    if not (math.isfinite(weight) and weight >= 0):
        raise InputError(f"{file}: the weight of {name!r} must be a number of 0 or more")
    return weight
