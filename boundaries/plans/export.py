"""Tables and layers of a plan, for files, pages and the consultation report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import geopandas as gpd
import pandas as pd
import shapely

from boundaries.plans.history import REDACT, REDO, UNDO
from boundaries.plans.plan import Plan
from boundaries.plans.state import Area, State, Step
from geo.areal.best_fit import UNASSIGNED
from geo.areal.measured_blocks import MeasuredBlocks

# Moves between more pairs of areas are summed up in one phrase.
_NAMED_PAIRS = 6
# Likewise what was done to more areas at once.
_NAMED_AREAS = 3
_OF_MANY = {"share": "changed the members of", "lock": "locked", "unlock": "unlocked"}
_OF_STEPS = {UNDO: "undid", REDO: "redid", REDACT: "took out what was written with"}
HISTORY = ["step", "at", "by", "kind", "what", "reason", "forced", "in_force"]
"""The columns of `history_frame`."""


def history_frame(plan: Plan) -> pd.DataFrame:
    """Every step of a plan, the first one first: who did what, when and why.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    `step` (from 1), `at` (ISO 8601), `by`, `kind`, `what` (a sentence, with the names of its
    time), `reason`, `forced`, `in_force` (False if it was undone, and not redone). Empty for a
    plan without steps.
    """
    return pd.DataFrame(history_rows(plan), columns=HISTORY)


def history_rows(plan: Plan, first: int = 0) -> list[tuple[object, ...]]:
    """The steps of a plan from a position on.

    Parameters
    ----------
    plan
        The plan.
    first
        Position of the first step wanted.

    Returns
    -------
    Rows of `history_frame`.
    """
    undone = undone_positions(plan)
    sentences = describe_steps(plan, range(first, len(plan.steps)))
    return [
        (
            position + 1, step.signed.at.isoformat(), step.signed.by, step.kind, sentence,
            step.signed.reason, step.forced, position not in undone,
        )
        for position, (step, sentence) in enumerate(
            zip(plan.steps[first:], sentences, strict=True), start=first
        )
    ]  # fmt: skip


def undone_positions(plan: Plan) -> frozenset[int]:
    """The positions of steps that were undone and not redone; `undo` and `redo` never are."""
    turns = {at for at, step in enumerate(plan.steps) if step.of}
    return frozenset(range(len(plan.steps))) - turns - set(plan.standing.in_force)


def describe_steps(plan: Plan, positions: Sequence[int]) -> list[str]:
    """What some steps of a plan did, each as a sentence.

    Parameters
    ----------
    plan
        The plan.
    positions
        Which of its steps, in rising order.

    Returns
    -------
    The sentences. Areas have the names that they had then, whatever they are called now.
    """
    needed = list(positions)
    for at in needed:  # the list grows as it is read: a text may be taken out of an undo
        needed += [plan.steps[at].of - 1] if plan.steps[at].of else []
    wanted = dict.fromkeys(needed, "")
    areas, titles = dict(plan.start.areas), area_titles(plan.start.areas)
    for position, step in enumerate(plan.steps):
        names = titles
        if step.areas:
            added = {code: new for code, (old, new) in step.areas.items() if new and not old}
            names = area_titles({**areas, **added})
            areas.update({code: new for code, (_, new) in step.areas.items() if new})
            for code in [code for code, (_, new) in step.areas.items() if new is None]:
                areas.pop(code, None)
            titles = area_titles(areas)
        if position in wanted:
            if step.of:
                sentence = f"{_OF_STEPS[step.kind]} step {step.of}: {wanted[step.of - 1]}"
            elif step.kind == REDACT:
                sentence = f"{_OF_STEPS[REDACT]} a step of another plan"
            else:
                sentence = describe(step, names)
            wanted[position] = sentence
    return [wanted[position] for position in positions]


def describe(step: Step, titles: Mapping[str, str] | None = None) -> str:
    """What a step did, as a sentence; `describe_steps` finds the titles of its time.

    Parameters
    ----------
    step
        The step.
    titles
        Display name of each area, as `area_titles` returns them; None for codes.

    Returns
    -------
    Phrases separated by semicolons.
    """
    phrases = [_amended(step.kind, *pair) for pair in step.areas.values()]
    if step.kind in _OF_MANY and len(phrases) > _NAMED_AREAS:
        phrases = [f"{_OF_MANY[step.kind]} {len(phrases)} areas"]
    if step.council_size:
        old_size, new_size = ("open" if n is None else n for n in step.council_size)
        phrases.insert(0, f"changed the council size from {old_size} to {new_size}")
    if step.forecast:
        wrote = "wrote" if step.forecast[1] else "removed the text on"
        phrases.append(f"{wrote} how the forecast was made")
    for name, (old, new) in step.bridges.items():
        one, other = new or old or ("", "")
        phrases.append(f"{'built' if new else 'removed'} the bridge {name} from {one} to {other}")
    called = {UNASSIGNED: "unassigned"} | dict(titles or {})
    pairs = Counter(step.blocks.values())
    if len(pairs) > _NAMED_PAIRS:
        areas = {code for pair in pairs for code in pair} - {UNASSIGNED}
        done = "kept {} blocks in" if step.kind == "keep" else "moved {} blocks among"
        return "; ".join([*phrases, f"{done.format(len(step.blocks))} {len(areas)} areas"])
    for (left, entered), number in sorted(pairs.items()):
        blocks = "1 block" if number == 1 else f"{number} blocks"
        if left == entered:
            phrases.append(f"kept {blocks} in {called.get(left, left)}")
            continue
        phrases.append(
            f"moved {blocks} from {called.get(left, left)} to {called.get(entered, entered)}"
        )
    return "; ".join(phrases)


def area_titles(areas: Mapping[str, Area]) -> dict[str, str]:
    """The display name of each area, by code.

    Returns
    -------
    The area's name, with its code if another area has the same name; 'unassigned' for
    `UNASSIGNED`.
    """
    times = Counter(area.name for area in areas.values())
    titles = {
        code: area.name if times[area.name] == 1 else f"{area.name} ({code})"
        for code, area in areas.items()
    }
    return titles | {UNASSIGNED: "unassigned"}


def pieces_layer(state: State, blocks: MeasuredBlocks) -> gpd.GeoDataFrame:
    """The pieces of areas that are not connected.

    Parameters
    ----------
    state
        The plan.
    blocks
        Its blocks.

    Returns
    -------
    `area_code`, `area_name`, `piece` (from 1, the one with most blocks first), `blocks` and the
    geometry; empty if all areas are connected.
    """
    rows = []
    for code, area in state.areas.items():
        pieces = state.pieces(code)
        if len(pieces) > 1:
            for number, piece in enumerate(pieces, start=1):
                shape = shapely.coverage_union_all(blocks.geometry[piece])
                rows.append((code, area.name, number, len(piece), shape))
    columns = ["area_code", "area_name", "piece", "blocks", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=blocks.crs)


def moved_layer(moved: pd.DataFrame, blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Blocks that change area, with geometries.

    Parameters
    ----------
    moved
        As `flows.moved_blocks` returns it.
    blocks
        The layer of blocks.

    Returns
    -------
    `moved` as a layer.
    """
    shapes = blocks.loc[moved.index].geometry.to_numpy()
    return gpd.GeoDataFrame(moved, geometry=shapes, crs=blocks.crs)


def _amended(kind: str, old: Area | None, new: Area | None) -> str:
    if old is None or new is None:
        area = new or old
        return f"{'removed' if new is None else 'added'} {area.code} ({area.name})" if area else ""
    if kind in ("lock", "unlock"):
        return f"{kind}ed {new.code} ({new.name})"
    if old.why != new.why:
        wrote = "wrote why" if new.why else "removed the text on why"
        return f"{wrote} {new.code} ({new.name}) is drawn so"
    changes = [
        f"{field} {getattr(old, field)} to {getattr(new, field)}"
        for field in ("name", "members")
        if getattr(old, field) != getattr(new, field)
    ]
    return f"changed {new.code}: {', '.join(changes)}"
