"""The commands `patchmap count`, `hotspots` and `emerging`: of a store, or of files with Dask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import pandas as pd
import typer

from api.commands.context import CommandContext, areas_of, with_progress
from api.commands.questions import Output, run_analysis, with_question
from api.formats.registry import frame_format, write_frame
from api.imports.incidents import halves_of
from api.maps.outlines import outlines
from api.settings import VERSION
from geo.analyses import Analysis
from geo.cells import Grid
from geo.errors import InputError, QuestionError
from geo.period import Period
from geo.question.accounts import overlap_caveat
from geo.question.alike import unknown_areas
from geo.question.ask import Question
from geo.question.resolve import check_names
from geo.scale import (
    AreaUnits,
    BrokenPart,
    CellUnits,
    CountJob,
    CountResult,
    Criteria,
    DataParts,
    FileCoverage,
    Totals,
    count_on_cluster,
    emerging_hotspots,
    find_parts,
    hotspots,
)
from geo.sources.police_uk import CAVEATS

MOST_LISTED = 5
"""Broken files or forces listed by name; the JSON output lists all of them."""

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        help="With --engine: archives, folders, CSV or GeoParquet files to count.", metavar="FILES"
    ),
]
Engine = Annotated[str, typer.Option(help="'dask' counts FILES on a cluster, without a store.")]
AreasLayer = Annotated[
    str, typer.Option("--areas-layer", help="With --areas: layer of a file that has several.")
]
CodeField = Annotated[str, typer.Option(help="With --areas: field of area codes in the file.")]
AreasOf = Annotated[str, typer.Option(help="With --engine: a file of areas, or a layer id.")]
Scheduler = Annotated[
    str,
    typer.Option(help="With --engine: address of a Dask scheduler (default: start workers here)."),
]
Workers = Annotated[
    int, typer.Option(min=0, help="With --engine: workers to start (default: one per processor).")
]
Halve = Annotated[
    list[str] | None,
    typer.Option("--halve", help="With --engine: FORCE:MONTH:CATEGORY that was published twice."),
]


@dataclass(frozen=True)
class CountRequest:
    """What to count, by which areas and on which cluster."""

    question: Question
    areas: gpd.GeoDataFrame
    parts: DataParts
    scheduler: str
    workers: int


@dataclass(frozen=True)
class CountOutput:
    """The frame to write, the counts behind it, and further members of a JSON file.

    `unknown` says which areas are unknown in some month.
    """

    frame: pd.DataFrame
    counted: CountResult
    members: dict[str, object]
    unknown: str = ""


def with_engine(
    analysis: Analysis, make: Callable[[CountRequest, CountJob], CountOutput]
) -> Callable[..., None]:
    """The command of an analysis, with options to count files instead of a store.

    Parameters
    ----------
    analysis
        The analysis that the command runs on a store.
    make
        Makes the same answer from files.

    Returns
    -------
    command
        A function for Typer.
    """

    def command(
        context: typer.Context,
        question: Question,
        output: Output,
        files: Files = None,
        *,
        engine: Engine = "",
        areas: AreasOf = "",
        areas_layer: AreasLayer = "",
        code_field: CodeField = "",
        scheduler: Scheduler = "",
        workers: Workers = 0,
        halves: Halve = None,
    ) -> None:
        if not engine:
            if files or areas or areas_layer or code_field or scheduler or workers or halves:
                raise InputError(
                    "FILES, --areas, --scheduler, --workers and --halve need --engine dask; "
                    "add it, or leave them out to use the store"
                )
            run_analysis(context, analysis, question, output)
            return
        if engine != "dask":
            raise InputError(f"unknown --engine {engine!r}; choose dask")
        if not files:
            raise InputError("--engine dask counts files; name some")
        if not (areas or question.layer):
            raise QuestionError(
                "areas", "is missing; name a file of areas, or a layer of the store"
            )
        if question.baseline not in ("", "even") or question.test != "tail":
            raise QuestionError(
                "baseline" if question.test == "tail" else "test",
                "--engine dask holds cells against an even spread alone; leave it out, or import "
                "the files into a store",
            )
        cli = CommandContext.of(context)
        cli.check_output(output, *files)
        # Checked before counting, which can take hours.
        counts_alone = analysis.command == "hotspots" and question.by == "month"
        frame_format(output, layer=analysis.command != "count" and not counts_alone)
        projection, layer = areas_of(
            cli, areas or question.layer, inside=areas_layer, code_field=code_field
        )
        parts = find_parts(files, halves=halves_of(halves or []))
        criteria = Criteria.of(question, parts.parts)
        request = CountRequest(question, layer, parts, scheduler, workers)
        result = make(request, CountJob(AreaUnits(layer), projection, criteria))
        facts = _facts(result, request, criteria) | {"crs": projection.crs, "areas": areas}
        members = {"accounts": facts, **result.members}
        write_frame(result.frame, output, projection=projection, members=members)
        cli.echo(
            [f"{output}: {len(result.frame):,} rows", *_lines(result, request, criteria)], facts
        )
        _warn_of_broken(result.counted.broken)

    command.__doc__ = (
        f"{analysis.summary}\n\n{analysis.description} Reads a store, or with --engine dask files."
    )
    return with_question(command, analysis.options)


def area_counts(request: CountRequest, job: CountJob) -> CountOutput:
    """Counts by area × category × month, with the outlines of the areas."""
    counted = _count(request, job)
    frame = counted.frame()
    names = request.areas["area_name"].astype(str).to_numpy()
    frame.insert(1, "area_name", names[frame["area_code"].cat.codes])
    members: dict[str, object] = {"outlines": outlines(request.areas, projection=job.projection)}
    coverage = counted.coverage(job.units)
    if coverage is not None:
        members["coverage"] = coverage.as_dict()
    if counted.in_several:
        members["overlaps"] = counted.overlap_rows()
    unknown = _unknown(counted, coverage, request) if coverage else ""
    return CountOutput(frame, counted, members, unknown)


def cells(request: CountRequest, job: CountJob) -> CountOutput:
    """Hot and cold cells; with `--by month` the counts of the cells instead."""
    counted, units = _count_cells(request, job)
    if request.question.by == "month":
        return CountOutput(counted.frame("cell_id"), counted, {})
    frame = hotspots(counted, units, request.question.category)
    return CountOutput(frame, counted, _parameters(request, units, baseline="even"))


def emerging_cells(request: CountRequest, job: CountJob) -> CountOutput:
    """Cells by how their hot and cold months follow each other."""
    counted, units = _count_cells(request, job)
    try:
        frame = emerging_hotspots(counted, units, request.question.category)
    except InputError as error:
        raise QuestionError("period", str(error)) from error
    return CountOutput(frame, counted, _parameters(request, units))


def _count_cells(request: CountRequest, job: CountJob) -> tuple[CountResult, CellUnits]:
    grid = Grid(request.question.cell, request.question.shape)
    try:
        units = CellUnits.over(AreaUnits(request.areas), grid)
    except InputError as error:
        raise QuestionError("cell", str(error)) from error
    return _count(request, CountJob(units, job.projection, job.criteria)), units


def _parameters(request: CountRequest, units: CellUnits, **further: str) -> dict[str, object]:
    parameters: dict[str, object] = {
        **further,
        "cell_m": request.question.cell,
        "shape": request.question.shape,
        "cells": len(units.cells),
    }
    return {"parameters": parameters}


def _count(request: CountRequest, job: CountJob) -> CountResult:
    parts = [part for part in request.parts.parts if job.criteria.may_match(part)]
    if not parts:
        raise QuestionError("datetime", f"no file covers {job.criteria.period.title}")
    totals = Totals(request.parts.broken)
    done = count_on_cluster(parts, job, scheduler=request.scheduler, workers=request.workers)
    for part in with_progress(done, "Counting", total=len(parts)):
        totals.add(part)
    counted = totals.result(job.units.codes)
    if not counted.months:
        raise InputError(f"no file can be read; the first error: {_reason(counted.broken[0])}")
    # Only now is it known which categories the files have.
    check_names("category", request.question.category, counted.categories)
    return counted


def _facts(result: CountOutput, request: CountRequest, criteria: Criteria) -> dict[str, object]:
    counted, parts = result.counted, request.parts
    return {
        **counted.accounts(),
        "in_several_areas": counted.in_several,
        "rejected_by_reason": dict(counted.rejected.most_common()),
        "period": {"from": f"{criteria.period.first}", "to": f"{criteria.period.last}"},
        "months_published": counted.whole_months,
        "published": counted.published,
        "parts": len(counted.reports) - len(counted.broken),
        "not_read": sum(not criteria.may_match(part) for part in parts.parts),
        "replaced": parts.replaced,
        "broken": [vars(part) for part in counted.broken],
        "caveats": _caveats(result, request.question.layer),
        "question": request.question.options(),
        "software": f"patchmap {VERSION}",
    }


def _lines(result: CountOutput, request: CountRequest, criteria: Criteria) -> Iterable[str]:
    counted, sums = result.counted, result.counted.accounts()
    yield (
        f"{sums['read']:,} read = {sums['rejected']:,} rejected + {sums['not_asked']:,} not "
        f"asked + {sums['outside']:,} outside + {sums['counted']:,} counted"
    )
    months = counted.months
    span = (Period.of_months(months[0], months[-1]) if months else criteria.period).title
    yield f"{len(counted.reports) - len(counted.broken):,} parts, {span}"
    if counted.in_several:
        yield f"{counted.in_several:,} of those counted are in two or more areas"
    skipped = sum(not criteria.may_match(part) for part in request.parts.parts)
    if skipped:
        yield f"{skipped:,} files of other months were not read"
    if request.parts.replaced:
        yield f"{len(request.parts.replaced):,} files were replaced by later ones of the same month"
    yield from (f"note: {caveat}" for caveat in _caveats(result, request.question.layer))


def _unknown(counted: CountResult, coverage: FileCoverage, request: CountRequest) -> str:
    """Which areas are unknown in some month, as a sentence; '' if none is, or too many to name."""
    known = coverage.knowledge(request.question.category)
    reasons = {why for why in known.why(counted.months) if why}
    if len(reasons) > MOST_LISTED:
        return ""
    return unknown_areas(request.areas, known, counted.months)


def _caveats(result: CountOutput, layer: str) -> list[str]:
    """The caveats of overlapping areas and of the source, and months without data."""
    counted = result.counted
    published = counted.published
    lacking = {
        force: missing
        for force, months in published.items()
        if (missing := sorted(set(counted.months) - set(months)))
    }
    caveats = list(CAVEATS) if published else []
    if counted.in_several:
        caveats.insert(0, overlap_caveat(layer or "this layer"))
    if result.unknown:
        caveats.append(result.unknown)
    elif lacking:
        most = sorted(lacking, key=lambda force: (-len(lacking[force]), force))
        named = ", ".join(f"{force} {len(lacking[force])}" for force in most[:MOST_LISTED])
        more = f" and {len(most) - MOST_LISTED} more" if len(most) > MOST_LISTED else ""
        caveats.append(
            f"Number of months without data of a force (unknown, not zero): {named}{more}."
        )
    return caveats


def _warn_of_broken(broken: list[BrokenPart]) -> None:
    if not broken:
        return
    typer.echo(f"not counted, because they cannot be read ({len(broken):,}):", err=True)
    for part in broken[:MOST_LISTED]:
        typer.echo(f"  {_reason(part)}", err=True)
    if len(broken) > MOST_LISTED:
        typer.echo(f"  and {len(broken) - MOST_LISTED:,} more; --json lists them all", err=True)


def _reason(part: BrokenPart) -> str:
    """The error with the name of the file, which some errors already contain."""
    return part.reason if part.name in part.reason else f"{part.name}: {part.reason}"
