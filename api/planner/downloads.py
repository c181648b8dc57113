"""Files of a plan for download, and the links to them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import Response

from api.addresses import own_address
from api.formats.registry import HTML, Format
from api.planner.comments import comment_table
from api.planner.exports import DOWNLOADS, PlanFile
from api.planner.report import POLICY as REPORT_POLICY
from api.planner.sessions import EditingSession
from api.snapshot import Snapshot
from geo.errors import NotFoundError, QuestionError
from geo.question.model import Question
from geo.temporary import TemporaryFolder

NAMES: Final = "names"
NUMBERS: Final = "numbers"
"""Whether a report has the comments, for the council, or only how many there are."""


def download_links(plan_id: str, question: Question) -> dict[str, str]:
    """Addresses of the files of a plan, by their titles."""
    query = f"?{question.query()}" if question.query() else ""
    links = {
        title: own_address(f"/planner/plans/{plan_id}/files/{plan_id}{form.ending}{query}")
        for form, title in DOWNLOADS.items()
    }
    named = f"?{'&'.join(filter(None, [question.query(), 'comments=names']))}"
    address = f"/planner/plans/{plan_id}/files/{plan_id}{HTML.ending}{named}"
    return links | {"Report with comments, for the council only": own_address(address)}


def download_format(name: str) -> Format:
    """The format of a file by its ending.

    Raises
    ------
    NotFoundError
        If the planner offers no file with that ending.
    """
    for form in DOWNLOADS:
        if form.ending == Path(name).suffix:
            return form
    endings = ", ".join(form.ending for form in DOWNLOADS)
    raise NotFoundError(f"a plan has no file {name}; choose an ending: {endings}")


def names_shown(choice: str) -> bool:
    """Whether a report is to have the comments with their names.

    Raises
    ------
    QuestionError
        If the choice is not known.
    """
    if choice not in ("", NAMES, NUMBERS):
        raise QuestionError("comments", f"unknown value {choice!r}; choose {NUMBERS} or {NAMES}")
    return choice == NAMES


def download(
    session: EditingSession, snapshot: Snapshot, form: Format, *, names: bool = False
) -> Response:
    """Write a plan in a format and return it; `names` as `PlanFile.names_shown`."""
    plan_id = session.draft.plan.metadata.plan_id
    metadata = {layer.layer_id: layer for layer in snapshot.layers()}
    file = PlanFile(
        session.draft,
        session.question,
        snapshot.projection,
        metadata,
        {},
        comments=comment_table(snapshot, session.draft),
        names_shown=names,
    )
    with TemporaryFolder() as folder:
        path = Path(folder) / f"{plan_id}{form.ending}"
        file.write(path)
        content = path.read_bytes()
    # The report is read in the browser: it is shown, and may run nothing.
    headers = (
        {"content-security-policy": REPORT_POLICY} if form is HTML else form.attachment(plan_id)
    )
    return Response(content, media_type=form.content_type, headers=headers)
