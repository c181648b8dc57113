"""`patchmap start`: what a person would do by hand, from a folder of downloads to the board."""

from __future__ import annotations

import threading
import webbrowser
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer

from api.access_settings import LOOPBACK
from api.commands.context import CommandContext
from api.commands.incidents import files_wanted
from api.commands.place import Place, listen
from api.commands.service import serve_store
from api.commands.start.downloads import Downloads, open_downloads
from api.commands.start.fetching import fetch_months, fetch_wards, months_to_fetch, say
from api.commands.start.months import unpublished_months
from api.commands.start.plan import StartPlan, make_plan, run_steps, show_plan
from api.commands.start.request import StartRequest, read_request, stored_authorities
from api.commands.start.steps import command_line
from api.commands.start.summary import opening_question, what_to_know
from api.settings import has_display
from boundaries.layers.area_codes import WARDS
from geo.errors import NotFoundError
from geo.sources.police_uk import SOURCE


def start(
    context: typer.Context,
    authority: Annotated[
        str, typer.Option(help="Council by name or GSS code, such as Derby.")
    ] = "",
    force: Annotated[str, typer.Option(help="The police force, for example derbyshire.")] = "",
    folder: Annotated[
        Path, typer.Option(help="Folder of downloads: boundaries, archives, residents.")
    ] = Path("downloads"),
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Download what the folder lacks (needs a network).")
    ] = False,
    first: Annotated[
        str, typer.Option("--from", help="First month, such as 2024-01 (default: all).")
    ] = "",
    last: Annotated[
        str, typer.Option("--to", help="Last month, such as 2024-06 (default: all).")
    ] = "",
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the board at the end.")
    ] = True,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to serve on.")] = 8000,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the board in a browser.")
    ] = True,
) -> None:
    """Start with your own city: read its files, check them and open the board.

    Reads every file of the folder, says what it found, and does only what the store lacks:
    stopped and started again, it goes on.
    """
    cli = CommandContext.of(context)
    files_wanted("", first, last)  # refuses months that are none, before the folder is read
    if serve:
        listen(LOOPBACK[0], port).close()  # refused now rather than after all the work
    with ExitStack() as opened:
        downloads = opened.enter_context(open_downloads(folder))
        request = read_request(cli, (authority, force), (first, last), downloads, fetch=fetch)
        if fetch and _fetch(cli, request, downloads):
            downloads = opened.enter_context(open_downloads(folder))
        plan = make_plan(cli, request, downloads)
        show_plan(cli, request, downloads, plan)
        run_steps(cli, plan)
    facts = _conclude(cli, request, plan)
    question = str(facts["question"])
    if not serve:
        address = f"http://{LOOPBACK[0]}:8000/?{question}"
        cli.echo([f"Open the board with: {command_line(cli, ['serve'])}, at {address}"], facts)
        return
    serve_store(
        cli,
        Place(port=port),
        announce=lambda address: _announce(
            cli, f"{address}/?{question}", facts, open_it=browser and has_display()
        ),
    )


def _fetch(cli: CommandContext, request: StartRequest, downloads: Downloads) -> bool:
    """Fetch what the folder and the store lack; returns whether that was anything."""
    code = request.authority.code
    has_wards = any(
        file.level == WARDS and (code in file.authorities or not code) for file in downloads.areas
    )
    months = {each.file.month for each in downloads.incidents if each.file.force == request.force}
    # Else an archive would be fetched again and again for what it does not hold.
    months |= unpublished_months(downloads, request.force)
    with suppress(NotFoundError), cli.open() as store:
        months |= {each.month for each in store.imports() if each.name == request.force}
        has_wards = has_wards or code in stored_authorities(cli)
    if not has_wards:
        say(f"Fetching the newest wards of {request.authority}", quiet=cli.json)
        words = fetch_wards(request.authority, request.folder)
        say(f"  the same by hand: {command_line(cli, words)}", quiet=cli.json)
    missing = months_to_fetch(request.first, request.last, months)
    if missing:
        span = missing[0] if len(missing) == 1 else f"{missing[0]} to {missing[-1]}"
        say(f"Fetching {span} of {request.force}, from an archive of all forces", quiet=cli.json)
        words = fetch_months(request.force, missing, request.folder)
        say(f"  the same by hand: {command_line(cli, words)}", quiet=cli.json)
    return bool(missing) or not has_wards


def _conclude(cli: CommandContext, request: StartRequest, plan: StartPlan) -> dict[str, object]:
    """Print what to know; returns the facts of the whole start."""
    ingest = plan.ingest or command_line(cli, ["ingest", "FILE"])
    with cli.open() as store:
        records = [
            each for each in store.imports() if (each.source, each.name) == (SOURCE, request.force)
        ]
        question = opening_question(records, plan.board)
        lines = what_to_know(
            store, question, force=request.force, place=request.authority.name, ingest=ingest
        )
    say("What to know:", quiet=cli.json)
    for line in lines:
        say(f"  {line}", quiet=cli.json)
    return {
        "store": cli.store_name,
        "authority": {"code": request.authority.code, "name": request.authority.name},
        "force": request.force,
        "layer": plan.board,
        "steps": [
            {"title": step.title, "by_hand": step.by_hand, "lines": step.lines}
            for step in plan.steps
        ],
        "notes": plan.notes,
        "quality": lines,
        "question": question.query(),
    }


def _announce(
    cli: CommandContext, address: str, facts: dict[str, object], *, open_it: bool
) -> None:
    lines = [f"Patchmap serves {cli.store_name} at {address} (stop with Ctrl-C)"]
    cli.echo(lines, facts | {"address": address})
    if open_it:
        # In a thread: some browsers return only when their window is closed.
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
