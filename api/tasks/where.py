"""Where tasks are: codes of areas age, so their areas are those that their geometry lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import geopandas as gpd
import shapely

from api.addresses import own_address
from api.snapshot import Snapshot
from boundaries.tasking.places import area_codes
from geo.errors import InputError, NotFoundError, QuestionError
from geo.question.store_settings import default_layer
from geo.store.tasking_contract import TaskRow

MOST_CHOICES: Final = 400
"""Areas that a form lists; of a layer with more, the address names one."""


@dataclass(frozen=True)
class ChosenArea:
    """An area that a list of tasks is limited to.

    Attributes
    ----------
    layer, code
        The area.
    name
        Its name; its code where it has none.
    title
        Of its layer.
    shape
        In the store's CRS.
    """

    layer: str
    code: str
    name: str
    title: str
    shape: shapely.Geometry

    @property
    def text(self) -> str:
        """As an address names it: CODE@LAYER."""
        return f"{self.code}@{self.layer}"

    @property
    def feed(self) -> str:
        """The address of its priorities in the form of data.police.uk."""
        return own_address(f"/areas/{self.layer}/{quote(self.code)}/priorities.json")


def chosen_area(snapshot: Snapshot, text: str) -> ChosenArea | None:
    """Read the area of an address.

    Parameters
    ----------
    snapshot
        What the caller sees.
    text
        CODE@LAYER, or a code of the default layer; '' for none.

    Returns
    -------
    It; None for none.

    Raises
    ------
    NotFoundError
        If there is no such area, or it is not seen.
    """
    if not text:
        return None
    code, _, layer_id = text.rpartition("@") if "@" in text else (text, "", default_layer(snapshot))
    metadata, areas = snapshot.layer(layer_id)
    codes = areas.index.astype(str)
    if code not in codes:
        raise NotFoundError(f"there is no area {code!r} in {metadata.title or layer_id}")
    row = areas[codes == code].iloc[0]
    name = str(row["area_name"]) or code
    return ChosenArea(layer_id, code, name, metadata.title or layer_id, row.geometry)


def tasks_in(snapshot: Snapshot, rows: Sequence[TaskRow], area: ChosenArea | None) -> list[TaskRow]:
    """The tasks that lie in an area, each in one of its layer; all where there is no area."""
    if area is None:
        return [*rows]
    codes = area_codes([row.wkb for row in rows], snapshot.layer(area.layer)[1])
    return [row for row, code in zip(rows, codes, strict=True) if code == area.code]


def area_choices(snapshot: Snapshot, chosen: ChosenArea | None) -> list[tuple[str, str]]:
    """The areas that a form offers: `CODE@LAYER` and the name of each, by name."""
    layer_id, areas = _default(snapshot)
    choices: list[tuple[str, str]] = []
    if areas is not None and len(areas) <= MOST_CHOICES:
        names = zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True)
        choices = sorted(
            ((f"{code}@{layer_id}", name or code) for code, name in names), key=lambda one: one[1]
        )
    if chosen and chosen.text not in dict(choices):
        choices.insert(0, (chosen.text, f"{chosen.name} ({chosen.title})"))
    return choices


def area_names(snapshot: Snapshot, rows: Sequence[TaskRow]) -> dict[str, str]:
    """The name of the area of the default layer that each task lies in, by its id; '' for none."""
    _, areas = _default(snapshot)
    if areas is None or not rows:
        return {}
    names = dict(zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True))
    codes = area_codes([row.wkb for row in rows], areas)
    return {row.task_id: names.get(code, "") for row, code in zip(rows, codes, strict=True)}


@dataclass(frozen=True)
class LiesIn:
    """Where a task lies in the areas that are used today, whatever it was decided on.

    Attributes
    ----------
    area
        The name of the area; '' where it lies in none.
    title
        Of the layer; '' where there is none.
    decided_on
        The title of another layer whose area it was decided on; '' for none.
    is_gone
        Whether the store no longer has that layer.
    """

    area: str
    title: str
    decided_on: str
    is_gone: bool


def lies_in(snapshot: Snapshot, row: TaskRow) -> LiesIn:
    """Tell where a task lies in the default layer of areas.

    Parameters
    ----------
    snapshot
        What the caller sees.
    row
        The task.
    """
    layer_id, _ = _default(snapshot)
    titles = {one.layer_id: one.title or one.layer_id for one in snapshot.layers()}
    area = area_names(snapshot, [row]).get(row.task_id, "")
    old = row.place_ref.partition(":")[0] if row.place_kind == "area" else ""
    other = old if old != layer_id else ""
    return LiesIn(
        area=area,
        title=titles.get(layer_id, layer_id),
        decided_on=titles.get(other, other),
        is_gone=bool(other) and other not in titles,
    )


def layer_words(snapshot: Snapshot, layer_id: str) -> str:
    """The title of a layer, and whether it is gone; '' for the default layer or none."""
    default, _ = _default(snapshot)
    titles = {one.layer_id: one.title or one.layer_id for one in snapshot.layers()}
    if layer_id in ("", default):
        return ""
    return titles.get(layer_id, f"{layer_id}, which is not among the layers that you see")


def _default(snapshot: Snapshot) -> tuple[str, gpd.GeoDataFrame | None]:
    try:
        layer_id = default_layer(snapshot)
        return layer_id, snapshot.layer(layer_id)[1]
    except (InputError, NotFoundError, QuestionError):
        return "", None
