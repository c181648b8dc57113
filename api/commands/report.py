"""`patchmap report …`: reports that a committee can be sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import typer

from api.commands.context import CommandContext
from api.commands.questions import Output, with_question
from api.reports.kinds import REPORTS
from geo.errors import InputError
from geo.formats.workbook import write_workbook
from geo.output import write_file, write_text
from geo.question.model import Question

report = typer.Typer(help="Write reports as HTML, PDF or XLSX.", no_args_is_help=True)

_ENDINGS: Final = (".html", ".pdf", ".xlsx")


def _command_of(name: str) -> Callable[..., None]:
    """Make the command that writes a report."""
    kind = REPORTS[name]

    def command(context: typer.Context, question: Question, output: Output) -> None:
        write_report(context, name, question, output)

    command.__doc__ = f"{kind.summary}\n\nThe ending of the file chooses: .html, .pdf or .xlsx."
    return with_question(command, kind.options)


def write_report(context: typer.Context, name: str, question: Question, output: Path) -> None:
    """Write a report in the format that the file's ending names.

    Raises
    ------
    InputError
        If the ending names none, or a PDF is asked for where no browser is installed.
    """
    from api.answers import Answers  # noqa: PLC0415 - the pages' templates take a moment
    from api.pages.printing import browser, print_pdf, sheets_of  # noqa: PLC0415 - likewise
    from api.reports.registry import MAKERS  # noqa: PLC0415 - likewise
    from api.reports.rendering import report_page, report_sheets  # noqa: PLC0415 - likewise

    cli = CommandContext.of(context)
    cli.check_output(output)
    if output.suffix not in _ENDINGS:
        raise InputError(f"{output}: unknown kind of file; name it .html, .pdf or .xlsx")
    if output.suffix == ".pdf":
        browser(output.with_suffix(".html").name)
    with cli.open() as store:
        made = MAKERS[name](Answers(store), question)
    pages = ""
    if output.suffix == ".xlsx":
        write_file(output, lambda part: write_workbook(report_sheets(made), part))
    elif output.suffix == ".pdf":
        write_file(output, lambda part: print_pdf(report_page(made), part))
        sheets = sheets_of(output.read_bytes())
        pages = f", {sheets} page{'' if sheets == 1 else 's'}"
    else:
        write_text(output, report_page(made))
    lines = [f"{output}: {made.title}, {made.period}{pages}", *made.sentences]
    facts = {"report": name, "title": made.title, "period": made.period, "file": str(output)}
    cli.echo(lines, {**facts, "sentences": list(made.sentences)})


for _name in REPORTS:
    report.command(_name)(_command_of(_name))
