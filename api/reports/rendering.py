"""A report as a page, and as a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from markupsafe import Markup

from api.pages.assets import PAGE
from api.pages.charts import Chart, line_points, unbroken
from api.pages.templating import templates
from api.reports.cells import cell
from api.reports.fares import rows_of
from api.reports.form import WAS, ReportForm
from api.reports.model import Report, ReportTable, Style
from api.reports.sentences import DIFFERENT
from api.settings import VERSION
from geo.formats.workbook import Sheet

REPORT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_SPARK: Final = (88.0, 20.0)
_NUMBER_FORMATS: Final[Mapping[Style, str]] = {
    "count": "#,##0",
    "measure": "#,##0.0",
    "pounds": "£#,##0.00",
    "hours": "#,##0.0",
    "share": "0.0%",
    "ratio": "0.00",
}


def report_page(
    report: Report,
    *,
    files: Mapping[str, str] | None = None,
    command: str = "",
    form: ReportForm | None = None,
) -> str:
    """The report as HTML.

    Parameters
    ----------
    report
        What it says.
    files
        Addresses of its other formats by their names, where it is a page of the service; None for a
        file that needs no other one.
    command
        The command that writes it as a PDF.
    form
        What its reader can choose, where it is a page of the service.
    """
    style = "\n".join(
        (PAGE / name).read_text(encoding="utf-8")
        for name in ("tokens.css", "base.css", "reports.css")
    )
    return templates.get_template("report.html").render(
        report=report,
        linked=files is not None,
        files=files or {},
        command=command,
        form=form,
        was=WAS,
        policy=REPORT_POLICY,
        style=Markup(style),  # noqa: S704 - our own
        cell=cell,
        rows_of=lambda table: rows_of(table.frame.head(table.most or len(table.frame))),
        spark=_spark,
        labels=DIFFERENT,
        version=VERSION,
    )


def report_sheets(report: Report) -> list[Sheet]:
    """The report as sheets of a workbook: first what it says, then each of its tables."""
    parts = [(part.title, table) for part in report.parts for table in part.tables]
    tables = [*(("", table) for table in report.tables), *parts]
    return [_summary(report), *(_sheet(part, table) for part, table in tables)]


def _summary(report: Report) -> Sheet:
    lines = [(sentence, "") for sentence in report.sentences]
    for part in report.parts:
        lines += [(sentence, part.title) for sentence in part.sentences]
        lines += [(f"Cannot be said: {sentence}", part.title) for sentence in part.unknown]
    lines += [(sentence, "How we know") for sentence in (*report.about, *report.methods)]
    if accounts := report.accounts:
        lines += [(text, "How we know") for text in (*accounts.caveats, *accounts.attribution)]
    table = pd.DataFrame(lines, columns=["Sentence", "About"])[["About", "Sentence"]]
    return Sheet("Summary", table, above=[report.title, report.period])


def _sheet(part: str, table: ReportTable) -> Sheet:
    """A table as a sheet: each number in a cell of its own, with its unit where rows differ."""
    frame, titles = table.frame, {column.name: column.title for column in table.columns}
    formats = {
        column.title: _NUMBER_FORMATS.get(column.style, "General") for column in table.columns
    }
    chosen: list[str] = []
    for column in table.columns:
        chosen.append(column.name)
        if column.style == "named":
            chosen.append("unit")
        if column.style == "ratio":
            chosen += column.limits
            ends = zip(column.limits, ("from", "to"), strict=True)
            titles |= {name: f"{column.title} {end}" for name, end in ends}
            formats |= {titles[name]: "0.00" for name in column.limits}
    chosen = [name for name in dict.fromkeys(chosen) if name in frame]
    shown = frame[chosen].rename(columns={"unit": "Unit", **titles})
    title = f"{part}: {table.title}" if part else table.title
    return Sheet(title, shown, above=[title], below=table.notes, formats=formats)


def _spark(points: tuple[tuple[str, float], ...]) -> Chart:
    """A history as a small line, from 0 where no value is below it."""
    width, height = _SPARK
    values = np.array([value for _, value in points], dtype=float)
    known = values[np.isfinite(values)]
    top, bottom = (float(known.max()), min(float(known.min()), 0.0)) if len(known) else (1.0, 0.0)
    x = 3 + np.arange(len(values)) * (width - 6) / max(len(values) - 1, 1)
    y = height - 3 - (height - 6) * (values - bottom) / max(top - bottom, 1e-9)
    stretches = [*unbroken(values)]
    return Chart(
        width,
        height,
        lines=[line_points(x[part], y[part]) for part in stretches if len(part) > 1],
        bands=[],
        dots=[
            (round(float(x[part[-1]]), 1), round(float(y[part[-1]]), 1))
            for part in stretches
            if len(part) == 1 or part[-1] == len(values) - 1
        ],
        bars=[],
        highest=top,
    )
