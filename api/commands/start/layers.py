"""Which layers the downloads give: the areas of one authority, of every level and year."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import shapely

from api.commands.context import read_vector
from api.commands.start.downloads import Downloads
from api.commands.start.names import Authority
from api.commands.start.recognise import AreaFile, LookupFile
from api.imports.layers import ReadingOptions
from boundaries.layers.area_codes import AUTHORITIES, LEVELS, WARDS
from boundaries.layers.read import read_layer
from boundaries.layers.selecting import features_where, features_within
from geo.crs import Projection
from geo.errors import InputError
from geo.store.contract import LayerMetadata

_MOST_UNNAMED: Final = 200
"""Areas of a file that names no authority and is still one authority's: none has more wards."""

_LOOKED_UP: Final = 0.95  # share of a file's codes that a lookup must know to be of its year


@dataclass(frozen=True)
class ChosenLayer:
    """A layer of the authority, read from a file as `how` says."""

    metadata: LayerMetadata
    file: AreaFile
    how: ReadingOptions
    areas: gpd.GeoDataFrame
    note: str = ""

    @property
    def layer_id(self) -> str:
        """The id of the layer."""
        return self.metadata.layer_id

    def command(self) -> list[str]:
        """The words of the command that adds it by hand."""
        words = ["layers", "add", str(self.file.source.by_hand), "--id", self.layer_id]
        words += ["--title", self.metadata.title]
        for option, value in (
            ("--code-field", self.metadata.code_field),
            ("--where", self.how.where),
            ("--within", self.how.within),
        ):
            words += [option, value] if value else []
        return [*words, *(["--repair"] if self.how.repair else [])]


def choose_layers(
    downloads: Downloads,
    authority: Authority,
    projection: Projection,
    stored: Mapping[str, LayerMetadata],
) -> list[ChosenLayer]:
    """Choose a file for each layer; the first is the newest wards, if there are any.

    Files that are not chosen are noted as unused, with the reason.

    Parameters
    ----------
    stored
        The layers of the store by id: a file that was read before is read again.
    """
    groups: defaultdict[str, list[AreaFile]] = defaultdict(list)
    for file in sorted(downloads.areas, key=_newest_wards_first):
        if file.level == AUTHORITIES:
            downloads.unused[file.source.by_hand] = "names authorities; holds no smaller areas"
        else:
            groups[file.layer_id].append(file)
    layers: list[ChosenLayer] = []
    for layer_id, files in groups.items():
        outline = next((each for each in layers if each.file.level == WARDS), None)
        candidates = []
        for file in files:
            try:
                how, note = _selection(file, authority, downloads.lookups, outline)
                candidates.append(_read(file, authority, how, projection, outline, note))
            except InputError as error:
                reason = str(error).removeprefix(f"{file.source.name}: ")
                downloads.unused[file.source.by_hand] = reason
        if candidates:
            candidates.sort(key=lambda each: _worse_last(each, stored.get(layer_id)))
            layers.append(candidates[0])
            for other in candidates[1:]:
                downloads.unused[other.file.source.by_hand] = (
                    f"{layer_id} is read from {candidates[0].file.source.name}"
                )
    return layers


def _newest_wards_first(file: AreaFile) -> tuple[int, int, Path]:
    return (list(LEVELS).index(file.level), -int(file.year or 0), file.source.by_hand)


def _worse_last(layer: ChosenLayer, stored: LayerMetadata | None) -> tuple[object, ...]:
    """What was read before, what needs no repair, and what is drawn finest, come first."""
    finest = int(shapely.get_num_coordinates(layer.areas.geometry.to_numpy()).sum())
    is_stored = stored is not None and stored.sha256 == layer.metadata.sha256
    name = layer.file.source.name
    return (not is_stored, layer.how.repair, -len(layer.areas), -finest, len(name), name)


def _selection(
    file: AreaFile,
    authority: Authority,
    lookups: Sequence[LookupFile],
    outline: ChosenLayer | None,
) -> tuple[ReadingOptions, str]:
    """How the authority's areas are taken out of a file, and what to say of it."""
    if file.authority_field:
        if authority.code not in file.authorities:
            raise InputError(f"holds no area of {authority.name}")
        whole = len(file.authorities) == 1
        where = "" if whole else f"{file.authority_field}={authority.code}"
        return ReadingOptions(where=where), ""
    for lookup in lookups:
        known = [code for code in file.codes if code in lookup.authority_of]
        if len(known) >= _LOOKED_UP * len(file.codes):
            own = [code for code in known if lookup.authority_of[code] == authority.code]
            if not own:
                raise InputError(f"holds no area of {authority.name}, says {lookup.source.name}")
            whole = len(own) == len(file.codes)
            where = "" if whole else f"{file.code_field}={','.join(own)}"
            return ReadingOptions(where=where), ""
    if outline:
        return ReadingOptions(within=outline.layer_id), ""
    if len(file.codes) > _MOST_UNNAMED:
        raise InputError(
            f"{len(file.codes):,} areas, and no field says which are of {authority.name}; add a "
            "lookup of wards to local authorities"
        )
    return ReadingOptions(), f"the file does not say that it is of {authority.name}"


def _read(
    file: AreaFile,
    authority: Authority,
    how: ReadingOptions,
    projection: Projection,
    outline: ChosenLayer | None,
    note: str,
) -> ChosenLayer:
    name = file.source.name
    content = read_vector(file.source.path)
    if how.where:
        field, _, values = how.where.partition("=")
        content = features_where(content, field, values.split(","), file=name)
    if how.within and outline:
        inside = features_within(
            content, outline.areas, projection=projection, file=name, layer=how.within
        )
        how = how if inside != content else replace(how, within="")
        content = inside
    of_year = f", {file.year}" if file.year else ""
    metadata = LayerMetadata(
        file.layer_id,
        title=f"{LEVELS[file.level].capitalize()} of {authority.name}{of_year}",
        code_field="" if file.by_itself else file.code_field,
        file=name,
    )
    try:
        layer = read_layer(content, metadata, projection=projection)
    except InputError:
        how = replace(how, repair=True)
        layer = read_layer(content, metadata, projection=projection, repair=True)
    digest = hashlib.sha256(content).hexdigest()
    return ChosenLayer(replace(metadata, sha256=digest), file, how, layer.areas, note)
