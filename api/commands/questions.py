"""`patchmap count`, `hotspots` and `map`: the faces of one Question."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import geopandas as gpd
import typer

from api.commands.desk import desk_of
from api.encoding import write_frame, write_whole
from api.settings import VERSION, Settings
from api.words import headline
from geo.accounts import Accounts
from geo.options import OPTIONS
from geo.question import Answer, Question, ask

Output = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]

_FROM_TO = (
    ("from", "First month or day, 2024-01 or 2024-01-31"),
    ("to", "Last month or day, inclusive"),
)


def with_question(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command every option of the Question; it receives them as `question`."""
    described = [*_FROM_TO, *((option.name, option.help) for option in OPTIONS)]
    parameters = {
        f"option_{name}": Annotated[
            str, typer.Option(f"--{name}", help=f"{text}.", show_default=False)
        ]
        for name, text in described
    }

    @functools.wraps(command)
    def asked(**values: object) -> None:
        options = {name: str(values.pop(f"option_{name}")) for name, _ in described}
        command(question=Question.read(options), **values)

    signature = inspect.signature(command, eval_str=True)
    kept = [part for name, part in signature.parameters.items() if name != "question"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default="", annotation=kind)
        for name, kind in parameters.items()
    ]
    merged = signature.replace(parameters=[*kept, *added])
    # Typer reads both: the order from the signature, the types from the annotations.
    asked.__signature__ = merged  # type: ignore[attr-defined]
    asked.__annotations__ = {part.name: part.annotation for part in merged.parameters.values()}
    del asked.__wrapped__
    return asked


@with_question
def count(context: typer.Context, question: Question, output: Output) -> None:
    """Count the incidents of each area."""
    _write(context, question, output, lambda answer: answer.area_counts)


@with_question
def hotspots(context: typer.Context, question: Question, output: Output) -> None:
    """Class every cell of the study area: hot, cold or neither."""
    _write(context, question, output, lambda answer: answer.hotspots)


@with_question
def map_file(context: typer.Context, question: Question, output: Output) -> None:
    """Draw the hotspot map as one self-contained HTML file that needs no network."""
    from api.maps import draw  # noqa: PLC0415 - folium takes a second to load

    desk = desk_of(context)
    desk.check_output(output)
    with desk.open() as store:
        answer = ask(question, store)
        ground = store.setting("ground")
        drawn = draw(
            answer,
            projection=store.projection,
            ground=store.layer(str(ground))[1] if ground else None,
            tiles=Settings.read().tiles,
            standalone=True,
        )
    write_whole(output, lambda part: part.write_text(drawn.html, encoding="utf-8"))
    size = f"{len(drawn.html.encode()) / 1e6:.2f} MB"
    lines = [f"{output}: {headline(answer)} ({size})", *account_lines(answer.accounts)]
    desk.say(lines, _facts(answer))


def account_lines(accounts: Accounts) -> list[str]:
    """The accounts as lines for a person."""
    sum_line = (
        f"{accounts.read:,} read = {accounts.rejected:,} rejected + {accounts.not_asked:,} not "
        f"asked + {accounts.outside:,} outside + {accounts.counted:,} counted"
    )
    period = f"period {accounts.period.title}; study area {accounts.mask}; {accounts.crs}"
    lines = [sum_line, period]
    if accounts.in_no_area:
        lines.append(f"{accounts.in_no_area:,} of the counted are in none of the areas")
    if accounts.months_missing:
        lines.append(
            f"{len(accounts.months_missing)} of {len(accounts.period.months)} months were not "
            "published: unknown, not zero"
        )
    return lines + [f"note: {caveat}" for caveat in accounts.caveats]


def _write(
    context: typer.Context,
    question: Question,
    output: Path,
    frame_of: Callable[[Answer], gpd.GeoDataFrame],
) -> None:
    desk = desk_of(context)
    desk.check_output(output)
    with desk.open() as store:
        answer = ask(question, store)
        frame = frame_of(answer)
        write_frame(frame, output, projection=store.projection, accounts=_facts(answer))
    desk.say([f"{output}: {len(frame):,} rows", *account_lines(answer.accounts)], _facts(answer))


def _facts(answer: Answer) -> dict[str, object]:
    return answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
