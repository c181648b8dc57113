"""`patchmap users …` and `patchmap keys …`: who may use a service, and their programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from api.commands.context import CommandContext
from api.identity.audit import Action
from api.identity.identity import AreaScope
from api.identity.keys import DEFAULT_DAYS, MOST_DAYS, Key, Keys, narrowed
from api.identity.moments import utc_now
from api.identity.passwords import LEAST_LENGTH
from api.identity.roles import Role
from api.identity.users import (
    GIVEN_ROLES,
    User,
    Users,
    areas_of,
    areas_text,
    check_areas_exist,
    roles_of,
    user_name_of,
)
from api.imports.opening import open_records
from api.settings import user_name
from geo.errors import InputError, NotFoundError
from geo.store.records import Records
from geo.text import refuse_control_characters

users = typer.Typer(help="Add, list and change the users of a service.", no_args_is_help=True)
keys = typer.Typer(help="Add, list and revoke the keys of other programs.", no_args_is_help=True)

_ROLES = f"Role: {', '.join(GIVEN_ROLES)}; repeat it for several."
_AREAS = "An officer's own areas as layer:code,code, such as wards-2025:E05001770."

NameArgument = Annotated[str, typer.Argument(help="User name, such as sarah.jones.")]
RoleOption = Annotated[list[str] | None, typer.Option("--role", help=_ROLES)]
AreasOption = Annotated[str, typer.Option(help=_AREAS)]


@users.command("add")
def add_user(
    context: typer.Context,
    name: NameArgument,
    role: RoleOption = None,
    areas: AreasOption = "",
    elsewhere: Annotated[
        bool, typer.Option("--no-password", help="They sign in at a proxy, not here.")
    ] = False,
) -> None:
    """Add a user.

    The password is asked for, or read from standard input.
    """
    cli = CommandContext.of(context)
    user = User(user_name_of(name), roles_of(role or []), _areas(cli, areas))
    with _records(cli) as records:
        password = None if elsewhere else _read_password()
        every = Users(records)
        every.add(
            user, password=password, by=user_name(), record=_recorded(cli, user.name, "added")
        )
        user = _existing(every, user.name)
    cli.echo([f"added {_line(user)}"], _facts(user))


@users.command("list")
def list_users(context: typer.Context) -> None:
    """List the users with their roles and areas."""
    cli = CommandContext.of(context)
    with _records(cli) as records:
        every = Users(records).all()
    cli.echo([_line(user) for user in every] or ["no users yet"], [_facts(user) for user in every])


@users.command("set")
def set_user(
    context: typer.Context,
    name: NameArgument,
    role: RoleOption = None,
    areas: AreasOption = "",
) -> None:
    """Set a user's roles and areas, from their next request on."""
    cli = CommandContext.of(context)
    with _records(cli) as records:
        every = Users(records)
        name = user_name_of(name)
        every.change(
            name,
            roles_of(role or []),
            _areas(cli, areas),
            record=_recorded(cli, name, "roles and areas"),
        )
        user = _existing(every, name)
    cli.echo([_line(user)], _facts(user))


@users.command("password")
def set_password(context: typer.Context, name: NameArgument) -> None:
    """Set a user's password and end their sessions.

    The password is asked for, or read from standard input.
    """
    cli = CommandContext.of(context)
    with _records(cli) as records:
        every = Users(records)
        user = _existing(every, name)
        recorded = _recorded(cli, user.name, "new password")
        every.set_password(user.name, _read_password(), record=recorded)
        in_use = [key for key in Keys(records).all(user.name) if key.state(utc_now()) == "in use"]
    lines = [f"{user.name} has a new password; their sessions ended"]
    if in_use:
        lines.append(f"their keys still work ({len(in_use):,}); 'patchmap keys revoke' ends one")
    cli.echo(lines, _facts(user))


@users.command("disable")
def disable_user(
    context: typer.Context,
    name: NameArgument,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
) -> None:
    """Lock a user out: their sessions end and their keys open nothing."""
    cli = CommandContext.of(context)
    with _records(cli) as records:
        every = Users(records)
        name = user_name_of(name)
        recorded = _recorded(cli, name, "let in again" if undo else "locked out")
        every.set_disabled(name, disabled=not undo, record=recorded)
        user = _existing(every, name)
    cli.echo([_line(user)], _facts(user))


@keys.command("add")
def add_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is for, such as 'Power BI'.")],
    role: RoleOption = None,
    areas: AreasOption = "",
    expires: Annotated[
        str,
        typer.Option(
            help=f"Last day as YYYY-MM-DD, or days such as 90d (default: {DEFAULT_DAYS}d; most: "
            f"{MOST_DAYS}d)."
        ),
    ] = "",
    owner: Annotated[
        str, typer.Option(help="User whose key it is; it may no more than they may (default: you).")
    ] = "",
) -> None:
    """Add a key for another program, and show its secret once."""
    cli = CommandContext.of(context)
    roles, scope = roles_of(role or []), _areas(cli, areas)
    with _records(cli) as records:
        holder = User(user_name(), ())
        if owner:
            holder = _existing(Users(records), owner)
            roles = narrowed(holder, roles, whose=holder.name).roles
            scope = scope or (holder.areas if Role.OFFICER in roles else None)
        key, secret = Keys(records).add(
            name,
            replace(holder, roles=roles, areas=scope),
            expires,
            record=lambda key: cli.record(
                Action.KEY_CHANGED, subject=f"{key.key_id} added for {key.owner}"
            ),
        )
    lines = [
        f"key {_key_line(key)}",
        secret,
        "It is shown this once: use it as the password, with any user name, or as a Bearer token.",
    ]
    cli.echo(lines, {**_key_facts(key), "secret": secret})


@keys.command("list")
def list_keys(context: typer.Context) -> None:
    """List all keys: whose they are, what they may, until when."""
    cli = CommandContext.of(context)
    with _records(cli) as records:
        every, users = Keys(records).all(), {user.name for user in Users(records).all()}
    lines, facts = [], []
    for key in every:
        # Whom a proxy alone knows may have left: nothing here ends their keys before they expire.
        known = key.owner in users
        lines.append(_key_line(key) + ("" if known else "  owner is no user here"))
        facts.append({**_key_facts(key), "owner_is_user": known})
    cli.echo(lines or ["no keys yet"], facts)


@keys.command("revoke")
def revoke_key(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="Id of the key, from 'keys list'.")],
) -> None:
    """Remove a key's rights at once and for good."""
    cli = CommandContext.of(context)
    with _records(cli) as records:
        key = Keys(records).revoke(
            key_id,
            record=lambda key: cli.record(Action.KEY_CHANGED, subject=f"{key.key_id} revoked"),
        )
    cli.echo([f"revoked {key.key_id}: {key.name}, of {key.owner}"], {"id": key.key_id})


def _areas(cli: CommandContext, text: str) -> AreaScope | None:
    areas = areas_of(text)
    if areas:
        with cli.open() as store, store.reading():
            check_areas_exist(areas, store)
    return areas


@contextmanager
def _records(cli: CommandContext) -> Iterator[Records]:
    # The store first: it says what is wrong with its name, and makes the tables of a database.
    with cli.open(), open_records(cli.store) as records:
        yield records


def _recorded(cli: CommandContext, name: str, what: str) -> Callable[[], None]:
    """What records a change of a user, once it is called."""
    return partial(cli.record, Action.USER_CHANGED, subject=f"{name}: {what}")


def _existing(every: Users, name: str) -> User:
    user = every.get(user_name_of(name))
    if not user:
        raise NotFoundError(f"there is no user {name}; 'patchmap users list' names them")
    return user


def _read_password() -> str:
    """Ask for a new password, or read the first line of standard input; never an argument.

    Other users of this machine see the arguments of every program, and a shell writes them down.
    """
    if sys.stdin.isatty():
        prompt = f"Password ({LEAST_LENGTH} characters or more)"
        password: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InputError("no password was given; type it, or write it to standard input")
    refuse_control_characters(password, "the password")
    return password


def _line(user: User) -> str:
    return f"{user.name}: {', '.join(user.roles)}" + "".join(
        [
            f" in {areas_text(user.areas)}" if user.areas else "",
            "" if user.password else ", no password here",
            ", disabled" if user.is_disabled else "",
        ]
    )


def _facts(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "roles": list(user.roles),
        "areas": areas_text(user.areas),
        "has_password": user.password is not None,
        "disabled": user.is_disabled,
    }


def _key_line(key: Key) -> str:
    used = f"last used {key.used_at}" if key.used_at else "never used"
    areas = f" in {areas_text(key.areas)}" if key.areas else ""
    return (
        f"{key.key_id}: {key.name}, of {key.owner}, {', '.join(key.roles)}{areas}, until "
        f"{key.expires_at}, {used}  [{key.state(utc_now())}]"
    )


def _key_facts(key: Key) -> dict[str, object]:
    return {
        "id": key.key_id,
        "name": key.name,
        "owner": key.owner,
        "roles": list(key.roles),
        "areas": areas_text(key.areas),
        "expires": key.expires_at,
        "used": key.used_at,
        "state": key.state(utc_now()),
    }
