"""What a caller chooses about a file: what it is, and how it is read. From the form to a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from api.data.mapping_form import FIELDS as MAPPING_FIELDS
from api.data.mapping_form import extract_column, mapping_values
from api.data.table_form import FIELDS as TABLE_FIELDS
from api.data.table_form import areas_column, first_table_values
from api.imports.attributes import JoinOptions
from api.imports.layers import ReadingOptions, check_day
from api.imports.tasks import FiguresTask, IncidentsTask, LayerTask, NamesTask, Task
from api.look.facts import FileFacts
from api.look.options import layer_id_for
from api.look.street import STREET_KIND
from boundaries.layers.area_codes import LEVELS
from geo.errors import InputError
from geo.store.contract import LayerMetadata

USES: Final = {
    "incidents": ("Incidents", "One row or point for each event: reports, crimes, complaints"),
    "layer": ("A boundary layer", "Areas with codes, such as wards or output areas"),
    "features": (
        "A layer of points or lines",
        "Premises, schools or streets, to draw over maps and compare with",
    ),
    "names": (
        "Names to find places by",
        "OS Open Names, Code-Point Open, the ONS Postcode Directory, or a layer with names",
    ),
    "figures": ("Figures of areas", "A row for each area: residents, electors, deprivation"),
    "measures": (
        "Measures over time",
        "A row for each area and period: rates, shares and counts, also as Fingertips has them",
    ),
    "entries": ("Money or hours", "A row for each dated amount: allocated, paid, or time spent"),
}
"""What a file can be imported as, with its title and what that means."""

LAYER_USES: Final = ("layer", "features")
"""The uses that make a layer, of areas or of points and lines."""

LAYER_FIELDS: Final = (
    *("layer_id", "layer_title", "code_field", "name_field", "valid_from", "valid_to"),
    *("authority", "licence", "repair", "table_crs"),
)
FIGURES_FIELDS: Final = ("figures_layer", "key", "residents", "electors")
FIELDS: Final = (
    *("use", "part", "partition", "halves", "extracted"),
    *MAPPING_FIELDS,
    *LAYER_FIELDS,
    *FIGURES_FIELDS,
    *TABLE_FIELDS,
)
"""All fields of the form."""

COUNTED: Final = ("residents", "electors")
"""What answers count people by: a column of figures may have another name."""


def is_published(facts: FileFacts) -> bool:
    """Whether a file is read as its publisher writes it, without a mapping."""
    return facts.kind == STREET_KIND


def first_values(
    facts: FileFacts, layers: list[LayerMetadata], codes: Callable[[str], frozenset[str]]
) -> dict[str, str]:
    """The values of a form that nobody has changed yet: what was recognised.

    Parameters
    ----------
    facts
        The file.
    layers
        The layers of the store.
    codes
        Gives the area codes and names of one of them, by its id.
    """
    values = dict.fromkeys(FIELDS, "")
    proposal = facts.proposal
    layer_id = proposal.get("id") or layer_id_for(facts.part or Path(facts.file).stem, "", "")
    values |= mapping_values(proposal.get("mapping", ""))
    values |= {
        "use": facts.use or "incidents",
        "part": facts.part,
        "partition": proposal.get("partition", ""),
        "source": values["source"] or "council",
        "layer_id": layer_id,
        "layer_title": _title(layer_id),
        "code_field": proposal.get("code_field", ""),
        "repair": proposal.get("repair", ""),
        "key": proposal.get("key", ""),
    }
    values["figures_layer"] = _layer_of(facts, values["key"], layers, codes)
    column = areas_column(facts)
    layers = [one for one in layers if one.kind == "areas"]
    return values | first_table_values(facts, _layer_of(facts, column, layers, codes))


def _layer_of(
    facts: FileFacts,
    column: str,
    layers: list[LayerMetadata],
    codes: Callable[[str], frozenset[str]],
) -> str:
    """The first layer that has an area which a column names; else the first one."""
    own = next((set(one.first) for one in facts.fields if one.name == column), set())
    ids = [one.layer_id for one in layers]
    matching = (one for one in ids if own & codes(one)) if own else iter(ids)
    return next(matching, next(iter(ids), ""))


def _title(layer_id: str) -> str:
    level, _, year = layer_id.partition("-")
    name = LEVELS.get(level, level).replace("_", " ")
    return f"{name[:1].upper()}{name[1:]} {year.replace('-', ' ')}".strip()


def task_of(
    facts: FileFacts,
    path: Path,
    values: Mapping[str, str],
    *,
    mapping: Path,
    rejects: Path,
    gazetteer: Path | None = None,
) -> Task:
    """The task that a form asks for.

    Parameters
    ----------
    facts, path
        The file.
    values
        By the names of `FIELDS`.
    mapping
        The mapping file that the form made.
    rejects
        Where rejected rows are written.
    gazetteer
        The folder of the store's names; None where none can be added.

    Raises
    ------
    InputError
        If something is missing.
    """
    use = values.get("use", "")
    if use == "incidents":
        published = is_published(facts)
        return IncidentsTask(
            path,
            rejects,
            mapping=None if published else mapping,
            partition=values.get("partition", "") if published or not values.get("id") else "",
            layer=values.get("part", ""),
            halves=tuple(values.get("halves", "").split()) if published else (),
            extracted=None if published else _extracted(facts, values),
        )
    if use in LAYER_USES:
        return LayerTask(path, _metadata(path, values), reading_options(values))
    if use == "names" and gazetteer:
        named = values.get("name_field", "")
        return NamesTask(path, gazetteer, layer=values.get("part", ""), name_field=named)
    if use == "figures":
        if not values.get("figures_layer"):
            raise InputError("there is no layer yet to add figures to; add a boundary layer first")
        if not values.get("key"):
            raise InputError("choose the column that holds area codes")
        return FiguresTask(path, join_options(values))
    raise InputError("choose what the file is")


def _extracted(facts: FileFacts, values: Mapping[str, str]) -> date | None:
    """The day of an extract of records; None where none is chosen, or the file is no extract."""
    text = values.get("extracted", "")
    if not text or extract_column(facts.proposal.get("mapping", "")) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"the day of the extract {text!r} is not a day; write it as 2026-11-30"
        ) from error


def reading_options(values: Mapping[str, str]) -> ReadingOptions:
    """How a form says that areas, or points and lines, are read."""
    if values.get("use") == "layer":
        return ReadingOptions(inside=values.get("part", ""), repair=bool(values.get("repair")))
    return ReadingOptions(inside=values.get("part", ""), crs=values.get("table_crs", "").strip())


def join_options(values: Mapping[str, str]) -> JoinOptions:
    """How a form says that figures are joined."""
    named = {values[name]: name for name in COUNTED if values.get(name)}
    names = {column: name for column, name in named.items() if column != name}
    return JoinOptions(values["figures_layer"], values["key"], names)


def _metadata(path: Path, values: Mapping[str, str]) -> LayerMetadata:
    if not values.get("layer_id"):
        raise InputError("give the layer an id, such as wards-2025")
    for label, name in (("first day in force", "valid_from"), ("last day in force", "valid_to")):
        check_day(label, values.get(name, ""))
    return LayerMetadata(
        layer_id=values["layer_id"],
        title=values.get("layer_title", ""),
        authority=values.get("authority", ""),
        licence=values.get("licence", ""),
        valid_from=values.get("valid_from", ""),
        valid_to=values.get("valid_to", ""),
        code_field=values.get("code_field", ""),
        name_field=values.get("name_field", ""),
        file=path.name,
    )
