"""`patchmap roster …`: who answers for which areas."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from api.commands.context import CommandContext
from api.commands.tasking.options import By, MeetingId, Version, area_words, day_of, signed
from api.text_tables import text_table
from boundaries.tasking.actions import (
    change_roster_entry,
    set_roster_entry,
)
from boundaries.tasking.history import LONDON
from boundaries.tasking.payload import (
    roster_facts,
)
from boundaries.tasking.places import read_area, read_place
from boundaries.tasking.roster import RosterTerms
from boundaries.tasking.storage import (
    read_roster,
)
from geo.errors import InputError

roster = typer.Typer(
    help="Roster: who answers for which areas, and who covers a vacancy.", no_args_is_help=True
)


@roster.command("set")
def set_entry(
    context: typer.Context,
    role: Annotated[str, typer.Argument(help="The role, or the id of an entry to change.")],
    areas: Annotated[str, typer.Option(help="Areas: CODE,CODE@LAYER (default: the city).")] = "",
    holder: Annotated[str, typer.Option(help="Who holds it; without one it is vacant.")] = "",
    vacant: Annotated[bool, typer.Option("--vacant", help="Nobody holds it any more.")] = False,
    covered_by: Annotated[str, typer.Option(help="Role that does its work meanwhile.")] = "",
    contact_for: Annotated[
        str, typer.Option(help="Codes of its areas whose named contact it is: CODE,CODE.")
    ] = "",
    first: Annotated[str, typer.Option("--from", help="First day (new: today).")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day.")] = "",
    meeting: MeetingId = "",
    by: By = "",
    version: Version = None,
) -> None:
    """Set who holds a role in which areas, or change an entry that there is."""
    cli = CommandContext.of(context)
    begins, ends = day_of("from", first), day_of("to", last)
    contacts = tuple(filter(None, contact_for.split(",")))
    if vacant and holder:
        raise InputError("use either --vacant or --holder, not both")
    with cli.open() as store:
        codes, _, layer_id = areas.rpartition("@") if areas else ("", "", "")
        listed = tuple(filter(None, codes.split(",")))
        for code in listed:
            read_place(f"{code}@{layer_id}", store)
        if areas and not listed:
            raise InputError(f"{areas!r} are no areas; write them as CODE,CODE@LAYER")
        who = signed(by, meeting)
        if role in store.tasking_ids("roster"):
            given: dict[str, Any] = {
                "holder": holder,
                "covered_by": covered_by,
                "layer": layer_id,
                "areas": list(listed),
                "contact_for": list(contacts),
                "first": begins.isoformat() if begins else "",
                "last": ends.isoformat() if ends else "",
            }
            changes = {name: value for name, value in given.items() if value}
            if vacant:
                changes["holder"] = ""
            entry = change_roster_entry(store, role, signed=who, version=version, **changes)
        else:
            terms = RosterTerms(
                role=role,
                holder=holder,
                covered_by=covered_by,
                layer=layer_id,
                areas=listed,
                contact_for=contacts,
                first=begins or datetime.now(LONDON).date(),
                last=ends,
            )
            entry = set_roster_entry(store, terms, signed=who)
    cli.echo(
        [f"{entry.entry_id} set: {entry.role}, {entry.holder or 'vacant'}"], roster_facts(entry)
    )


@roster.command("list")
def list_roster(
    context: typer.Context,
    area: Annotated[str, typer.Option(help="Of an area: CODE@LAYER.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Past and coming entries too.")] = False,
) -> None:
    """List who holds which role in which areas today."""
    cli = CommandContext.of(context)
    with cli.open() as store:
        own = read_roster(store)
    today = datetime.now(LONDON).date()
    own = [one for one in own if every or one.holds_on(today)]
    if area:
        layer_id, code = read_area(area)
        own = [one for one in own if not one.areas or (one.layer == layer_id and code in one.areas)]
    lines = text_table(
        {
            "id": [one.entry_id for one in own],
            "role": [one.role for one in own],
            "holder": [one.holder or "vacant" for one in own],
            "covered by": [one.covered_by for one in own],
            "areas": [area_words(one.layer, ",".join(one.areas)) for one in own],
            "from": [one.first for one in own],
            "to": [one.last or "" for one in own],
        }
    )
    cli.echo(lines or ["nobody on the roster yet"], [roster_facts(one) for one in own])
