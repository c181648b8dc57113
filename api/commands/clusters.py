"""`patchmap count`, `hotspots` and `emerging` of a store or, by `--engine dask`, of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext, areas_of, with_progress
from api.commands.incidents import halves_of
from api.commands.questions import Output, answered, with_question
from api.formats.registry import frame_format, write_frame
from api.maps.outlines import outlines
from api.settings import VERSION
from geo.analyses import Analysis
from geo.cells import Grid
from geo.errors import InputError, QuestionError
from geo.question.ask import Question
from geo.scale import (
    AreaPlaces,
    Broken,
    CellPlaces,
    Counted,
    Job,
    Parts,
    Totals,
    Wanted,
    count_on_cluster,
    emerging_hotspots,
    find_parts,
    hotspots,
)
from geo.sources.police_uk import CAVEATS

FEW = 5
"""How many broken files are named one by one; the rest are counted, and in the JSON."""

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        help="With --engine: archives, folders, CSV or GeoParquet files.", metavar="FILES"
    ),
]
Engine = Annotated[str, typer.Option(help="dask: count FILES on a cluster, without a store.")]
AreasOf = Annotated[str, typer.Option(help="With --engine: a file of areas, or a layer's id.")]
Scheduler = Annotated[
    str, typer.Option(help="With --engine: a running scheduler, tcp://…; else workers start here.")
]
Workers = Annotated[
    int, typer.Option(min=0, help="With --engine: how many start here; else one a processor.")
]
Halve = Annotated[
    list[str] | None,
    typer.Option("--halve", help="With --engine: FORCE:MONTH:CATEGORY that was published twice."),
]


@dataclass(frozen=True)
class Asked:
    """What is to be counted, and where."""

    question: Question
    areas: gpd.GeoDataFrame
    parts: Parts
    scheduler: str
    workers: int


@dataclass(frozen=True)
class Made:
    """A frame, the counts it was made of, and what to know of it."""

    frame: pd.DataFrame
    counted: Counted
    members: dict[str, object]


def with_engine(analysis: Analysis, make: Callable[[Asked, Job], Made]) -> Callable[..., None]:
    """The command of an analysis, with the options that have it made of files instead."""

    def command(
        context: typer.Context,
        question: Question,
        output: Output,
        files: Files = None,
        *,
        engine: Engine = "",
        areas: AreasOf = "",
        scheduler: Scheduler = "",
        workers: Workers = 0,
        halves: Halve = None,
    ) -> None:
        if not engine:
            if files or areas or scheduler or workers or halves:
                raise InputError(
                    "FILES, --areas, --scheduler, --workers and --halve go with --engine dask; "
                    "without it the store is asked"
                )
            answered(context, analysis, question, output)
            return
        if engine != "dask":
            raise InputError(f"--engine {engine!r} is not known; there is: dask")
        if not files:
            raise InputError("--engine dask counts files: name some")
        if not (areas or question.layer):
            raise QuestionError("areas", "say by which areas: a file, or a layer of the store")
        cli = CommandContext.of(context)
        cli.check_output(output, *files)
        # Before hours of counting, not after them.
        counts_alone = analysis.command == "hotspots" and question.by == "month"
        frame_format(output, layer=analysis.command != "count" and not counts_alone)
        projection, layer = areas_of(cli, areas or question.layer)
        parts = find_parts(files, halves=halves_of(halves or []))
        wanted = Wanted.of(question, parts.parts)
        asked = Asked(question, layer, parts, scheduler, workers)
        made = make(asked, Job(AreaPlaces(layer), projection, wanted))
        facts = _facts(made, asked, wanted) | {"crs": projection.crs, "areas": areas}
        members = {"accounts": facts, **made.members}
        write_frame(made.frame, output, projection=projection, members=members)
        cli.echo([f"{output}: {len(made.frame):,} rows", *_lines(made, asked, wanted)], facts)
        _tell_broken(made.counted.broken)

    command.__doc__ = (
        f"{analysis.summary}\n\n{analysis.description} Reads a store, or with --engine dask files."
    )
    return with_question(command, analysis.command)


def area_counts(asked: Asked, job: Job) -> Made:
    """Counts by area × category × month, with outlines to draw them on."""
    counted = _count(asked, job)
    frame = counted.frame()
    names = asked.areas["area_name"].astype(str).to_numpy()
    frame.insert(1, "area_name", names[frame["area_code"].cat.codes])
    return Made(frame, counted, {"outlines": outlines(asked.areas)})


def cells(asked: Asked, job: Job) -> Made:
    """Hot and cold cells; by month the counts of the cells instead, for other methods."""
    counted, places = _count_cells(asked, job)
    if asked.question.by == "month":
        return Made(counted.frame("cell_id"), counted, {})
    return Made(hotspots(counted, places), counted, _parameters(asked, places))


def emerging_cells(asked: Asked, job: Job) -> Made:
    """Cells by how hot and cold their months were."""
    counted, places = _count_cells(asked, job)
    try:
        frame = emerging_hotspots(counted, places)
    except InputError as error:
        raise QuestionError("period", str(error)) from error
    return Made(frame, counted, _parameters(asked, places))


def _count_cells(asked: Asked, job: Job) -> tuple[Counted, CellPlaces]:
    grid = Grid(asked.question.cell, asked.question.shape)
    try:
        places = CellPlaces.over(AreaPlaces(asked.areas), grid)
    except InputError as error:
        raise QuestionError("cell", str(error)) from error
    return _count(asked, Job(places, job.projection, job.wanted)), places


def _parameters(asked: Asked, places: CellPlaces) -> dict[str, object]:
    told = {
        "cell_m": asked.question.cell,
        "shape": asked.question.shape,
        "cells": len(places.cells),
    }
    return {"parameters": told}


def _count(asked: Asked, job: Job) -> Counted:
    parts = [part for part in asked.parts.parts if job.wanted.takes(part)]
    if not parts:
        raise QuestionError("datetime", f"no file is of {job.wanted.period.title}")
    totals = Totals(asked.parts.broken)
    done = count_on_cluster(parts, job, scheduler=asked.scheduler, workers=asked.workers)
    for part in with_progress(done, "Counting", total=len(parts)):
        totals.add(part)
    counted = totals.counted(job.places.codes)
    if not counted.months:
        raise InputError(f"nothing can be read; the first fault: {_told(counted.broken[0])}")
    return counted


def _facts(made: Made, asked: Asked, wanted: Wanted) -> dict[str, object]:
    counted, parts = made.counted, asked.parts
    return {
        **counted.accounts(),
        "rejected_by_reason": dict(counted.rejected.most_common()),
        "period": {"from": f"{wanted.period.first}", "to": f"{wanted.period.last}"},
        "months_published": counted.whole_months,
        "published": counted.published,
        "parts": len(counted.reports) - len(counted.broken),
        "not_read": sum(not wanted.takes(part) for part in parts.parts),
        "replaced": parts.replaced,
        "broken": [vars(part) for part in counted.broken],
        "caveats": _caveats(counted),
        "question": asked.question.options(),
        "software": f"patchmap {VERSION}",
    }


def _lines(made: Made, asked: Asked, wanted: Wanted) -> Iterable[str]:
    counted, sums = made.counted, made.counted.accounts()
    yield (
        f"{sums['read']:,} read = {sums['rejected']:,} rejected + {sums['not_asked']:,} not "
        f"asked + {sums['outside']:,} outside + {sums['counted']:,} counted"
    )
    months = counted.months
    span = f"{months[0]} to {months[-1]}" if months else wanted.period.title
    yield f"{len(counted.reports) - len(counted.broken):,} parts, {span}"
    skipped = sum(not wanted.takes(part) for part in asked.parts.parts)
    if skipped:
        yield f"{skipped:,} files of other months were not read"
    if asked.parts.replaced:
        yield f"{len(asked.parts.replaced):,} files were replaced by later ones of the same month"
    yield from (f"note: {caveat}" for caveat in _caveats(counted))


def _caveats(counted: Counted) -> list[str]:
    """What the counts cannot say: the source's caveats, and months that forces lack."""
    published = counted.published
    lacking = {
        force: missing
        for force, months in published.items()
        if (missing := sorted(set(counted.months) - set(months)))
    }
    caveats = list(CAVEATS) if published else []
    if lacking:
        most = sorted(lacking, key=lambda force: (-len(lacking[force]), force))
        named = ", ".join(f"{force} {len(lacking[force])}" for force in most[:FEW])
        more = f" and {len(most) - FEW} more" if len(most) > FEW else ""
        caveats.append(f"Months that forces did not publish, unknown and not zero: {named}{more}.")
    return caveats


def _tell_broken(broken: list[Broken]) -> None:
    if not broken:
        return
    typer.echo(f"{len(broken):,} broken, not counted:", err=True)
    for part in broken[:FEW]:
        typer.echo(f"  {_told(part)}", err=True)
    if len(broken) > FEW:
        typer.echo(f"  and {len(broken) - FEW:,} more; --json names them all", err=True)


def _told(part: Broken) -> str:
    return part.reason if part.name in part.reason else f"{part.name}: {part.reason}"
