"""What the downloads give, and what of it the store lacks."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Final

import typer

from api.commands.context import CommandContext
from api.commands.start.downloads import Downloads, unused_lines
from api.commands.start.fetching import say, what_to_get
from api.commands.start.figures import ChosenFigures, choose_figures, state_of
from api.commands.start.layers import ChosenLayer, choose_layers
from api.commands.start.months import ChosenMonth, choose_months, commands, new_months
from api.commands.start.request import StartRequest, authority_columns, stored_wards
from api.commands.start.steps import (
    StartStep,
    command_line,
    figures_step,
    import_step,
    layer_step,
)
from api.text_tables import listed
from boundaries.layers.area_codes import WARDS
from geo.crs import Projection
from geo.errors import ConflictError, InputError, NotFoundError, PatchmapError
from geo.store.contract import Store

_SHOWN_UNUSED: Final = 8


@dataclass(frozen=True)
class StartPlan:
    """What the downloads give, and what of it the store lacks."""

    board: str
    layers: list[ChosenLayer]
    months: list[ChosenMonth]
    figures: list[ChosenFigures]
    steps: list[StartStep]
    notes: list[str]
    ingest: str


def make_plan(cli: CommandContext, request: StartRequest, downloads: Downloads) -> StartPlan:
    """Compare the downloads with the store, which may still be missing.

    Raises
    ------
    InputError
        If there are no wards or no months; the files to get are printed before.
    """
    with ExitStack() as opened:
        store = None
        with suppress(NotFoundError):
            store = opened.enter_context(cli.open())
        return _plan_with(cli, request, downloads, store)


def _plan_with(
    cli: CommandContext, request: StartRequest, downloads: Downloads, store: Store | None
) -> StartPlan:
    projection = store.projection if store else Projection.choose()
    stored = {each.layer_id: each for each in store.layers()} if store else {}
    layers = choose_layers(downloads, request.authority, projection, stored)
    notes = [f"{each.layer_id}: {each.note}" for each in layers if each.note]
    new_layers = []
    for layer in layers:
        if layer.layer_id not in stored:
            new_layers.append(layer)
        elif store and stored[layer.layer_id].sha256 != layer.metadata.sha256:
            notes.append(_other_layer(cli, store, layer, request))
    board = _board(layers, store, request)
    months = choose_months(downloads, request.force, request.first, request.last, projection)
    has_months = bool(months) or bool(
        store and any(each.name == request.force for each in store.imports())
    )
    if not (board and has_months):
        _refuse_missing(request, downloads, wards=not board, months=not has_months)
    imports, undone = new_months(store, months) if store else (months, [])
    if undone:
        notes.append(f"{listed(undone)}: undone by hand, so left out; 'ingest' imports them again")
    codes = {each.layer_id: [str(code) for code in each.areas.index] for each in layers}
    figures = choose_figures(downloads, codes, board)
    new_ids = {layer.layer_id for layer in new_layers}
    states = [
        "new" if not store or each.layers & new_ids else state_of(store, each) for each in figures
    ]
    new_figures = [each for each, state in zip(figures, states, strict=True) if state == "new"]
    notes += [
        f"{each.how.layer} stays as it is in the store, with other figures than "
        f"{each.file.source.name}; to replace them: {command_line(cli, each.command())}"
        for each, state in zip(figures, states, strict=True)
        if state == "other"
    ]
    steps = [layer_step(cli, each, is_board=each.layer_id == board) for each in new_layers]
    by_hand = [command_line(cli, words) for words in commands(months, downloads.incidents)]
    if imports:
        steps.append(import_step(cli, request, imports, downloads))
    steps += [figures_step(cli, each) for each in new_figures]
    return StartPlan(board, layers, months, figures, steps, notes, by_hand[-1] if by_hand else "")


def _board(layers: list[ChosenLayer], store: Store | None, request: StartRequest) -> str:
    """The newest wards of the authority, of the downloads or the store; '' if there are none."""
    ids = [each.layer_id for each in layers if each.file.level == WARDS]
    for layer_id, areas in stored_wards(store) if store else ():
        if any((areas[name] == request.authority.code).all() for name in authority_columns(areas)):
            ids.append(layer_id)
    return max(ids, default="")


def _other_layer(
    cli: CommandContext, store: Store, layer: ChosenLayer, request: StartRequest
) -> str:
    """What to say of a layer that the store has from another file.

    Raises
    ------
    ConflictError
        If it is a layer of another place.
    """
    metadata, areas = store.layer(layer.layer_id)
    if areas.index.intersection(layer.areas.index).empty:
        raise ConflictError(
            f"{cli.store_name} holds {layer.layer_id} of another place than "
            f"{request.authority.name}; name another store, with --store before the command"
        )
    return (
        f"{layer.layer_id} stays as it is in the store, read from {metadata.file or 'elsewhere'}; "
        f"to replace it: {command_line(cli, layer.command())}"
    )


def _refuse_missing(
    request: StartRequest, downloads: Downloads, *, wards: bool, months: bool
) -> None:
    """Say what to get, and from where.

    Raises
    ------
    InputError
        Always.
    """
    name = request.authority.name
    lines = unused_lines(list(downloads.unused.items())[:_SHOWN_UNUSED], downloads.folder)
    spans = (request.first, request.last)
    lines += what_to_get(
        name,
        request.force,
        request.folder,
        wards=wards,
        months=spans if months else None,
        residents=not any("residents" in each.kinds for each in downloads.figures),
    )
    typer.echo("\n".join(lines), err=True)
    span = f" from {request.first}" * bool(request.first) + f" to {request.last}" * bool(
        request.last
    )
    lacking = [f"wards of {name}"] * wards + [f"months of {request.force}{span}"] * months
    files = [each.file for each in downloads.incidents]
    own = sorted({each.month for each in files if each.force == request.force})
    others = [force for force in downloads.forces if force != request.force]
    there = f"{own[0]} to {own[-1]}" if own else f"months of {listed(others)}" if others else ""
    has = f"; it has {there}" if months and there else ""
    folder = f"the folder {request.folder}"
    if not request.folder.is_dir():
        raise InputError(f"there is no {folder.removeprefix('the ')}; it needs {_and(lacking)}")
    raise InputError(f"{folder} lacks {_and(lacking)}{has}")


def _and(parts: list[str]) -> str:
    return " and ".join(parts)


def show_plan(
    cli: CommandContext, request: StartRequest, downloads: Downloads, plan: StartPlan
) -> None:
    """Print what the folder holds and what there is to do."""
    quiet = cli.json
    say(f"{request.authority}, {request.force}: the folder {request.folder} holds", quiet=quiet)
    for layer in plan.layers:
        name = layer.file.source.name
        say(f"  {layer.layer_id}: {len(layer.areas):,} areas, in {name}", quiet=quiet)
    if plan.months:
        span = f"{plan.months[0].month} to {plan.months[-1].month}"
        say(f"  incidents: {len(plan.months)} months of {request.force}, {span}", quiet=quiet)
    for name in dict.fromkeys(each.file.source.name for each in plan.figures):
        kinds = next(each.file.kinds for each in plan.figures if each.file.source.name == name)
        say(f"  {' and '.join(kinds)}: in {name}", quiet=quiet)
    lookups = [each.source.name for each in downloads.lookups]
    for name in lookups:
        say(f"  which authority areas belong to: in {name}", quiet=quiet)
    unused = list(downloads.unused.items())
    for line in unused_lines(unused[:_SHOWN_UNUSED], downloads.folder):
        say(line, quiet=quiet)
    if len(unused) > _SHOWN_UNUSED:
        say(f"  and {len(unused) - _SHOWN_UNUSED} more files are not used", quiet=quiet)
    for note in plan.notes:
        say(note, quiet=quiet)
    if not plan.steps:
        say(f"Nothing new: {cli.store_name} has all of it", quiet=quiet)
        return
    say("To do:", quiet=quiet)
    for number, step in enumerate(plan.steps, start=1):
        say(f"  {number}. {step.title}", quiet=quiet)


def run_steps(cli: CommandContext, plan: StartPlan) -> None:
    """Do each step and print what it did; what the board does not need may be left out."""
    for number, step in enumerate(plan.steps, start=1):
        say(f"[{number} of {len(plan.steps)}] {step.title}", quiet=cli.json)
        try:
            step.lines = step.run()
        except PatchmapError as error:
            if step.is_vital:
                raise
            step.lines = [f"left out: {error}"]
        for line in step.lines:
            say(f"  {line}", quiet=cli.json)
        for line in step.by_hand:
            say(f"  the same by hand: {line}", quiet=cli.json)
