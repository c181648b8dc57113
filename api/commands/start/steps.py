"""The steps of a start: each is what one command does, and says which."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from api.commands.areas import store_layer
from api.commands.attributes import store_attributes
from api.commands.context import CommandContext
from api.commands.start.downloads import Downloads
from api.commands.start.figures import ChosenFigures
from api.commands.start.layers import ChosenLayer
from api.commands.start.months import REJECTS, ChosenMonth, commands, import_months
from api.commands.start.recognise import Source
from api.commands.start.request import StartRequest, is_wards
from api.settings import Settings
from geo.errors import InputError
from geo.question.ask import default_layer
from geo.store.contract import LayerMetadata


@dataclass
class StartStep:
    """One step: what it does, the same by hand, and what it printed once it is done."""

    title: str
    by_hand: list[str]
    run: Callable[[], list[str]]
    is_vital: bool = False
    lines: list[str] = field(default_factory=list)


def layer_step(cli: CommandContext, layer: ChosenLayer, *, is_board: bool) -> StartStep:
    """Add a layer, as `layers add` does."""

    def run() -> list[str]:
        lines = store_layer(cli, layer.file.source.path, _to_read(layer.metadata), layer.how)[0]
        if is_board:
            _open_with(cli, layer.layer_id)
        return lines

    number = len(layer.areas)
    name = layer.file.source.name
    title = f"add {layer.layer_id}: {number:,} areas, from {name}"
    title += " (the board opens with it)" if is_board else ""
    by_hand = _by_hand(cli, layer.file.source, layer.command())
    return StartStep(title, by_hand, run, is_vital=is_board)


def _to_read(metadata: LayerMetadata) -> LayerMetadata:
    return LayerMetadata(
        metadata.layer_id, metadata.title, code_field=metadata.code_field, file=metadata.file
    )


def _open_with(cli: CommandContext, layer_id: str) -> None:
    """Make newer wards the layer of Questions that name none; a layer chosen by hand stays."""
    with cli.open() as store:
        chosen = store.setting("default_layer")
        if default_layer(store) != layer_id and (not chosen or is_wards(str(chosen))):
            with store.transaction():
                store.put_setting("default_layer", layer_id)


def import_step(
    cli: CommandContext, request: StartRequest, months: list[ChosenMonth], downloads: Downloads
) -> StartStep:
    """Import months, as `ingest` does."""

    def run() -> list[str]:
        imported, refused = import_months(cli, months)
        lines = [each.line for each in imported]
        lines += [f"not imported: {reason}" for reason in refused.values()]
        if not imported:
            raise InputError(lines[-1])
        if any(each.record.rows_rejected for each in imported):
            lines.append(f"rejected rows are in the folder {REJECTS}")
        return lines

    span = months[0].month if len(months) == 1 else f"{months[0].month} to {months[-1].month}"
    number = "1 month" if len(months) == 1 else f"{len(months)} months"
    names = dict.fromkeys(each.file.source.name for each in months)
    from_files = f"{len(names)} files" if len(names) > 3 else ", ".join(names)
    by_hand = [command_line(cli, words) for words in commands(months, downloads.incidents)]
    title = f"import {number} of {request.force}, {span}, from {from_files}"
    return StartStep(title, by_hand, run, is_vital=True)


def figures_step(cli: CommandContext, figures: ChosenFigures) -> StartStep:
    """Add a table, as `attributes add` does."""

    def run() -> list[str]:
        return store_attributes(cli, figures.file.source.path, figures.how)[0]

    return StartStep(figures.title(), _by_hand(cli, figures.file.source, figures.command()), run)


def _by_hand(cli: CommandContext, source: Source, words: list[str]) -> list[str]:
    return [*([source.unpack] if source.unpack else []), command_line(cli, words)]


def command_line(cli: CommandContext, words: list[str]) -> str:
    """The command line of a command on the same store."""
    store = ["--store", cli.store_in_commands] if cli.store != Settings.read().store else []
    return shlex.join(["patchmap", *store, *words])
