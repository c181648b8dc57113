"""Comments of a consultation: read, checked row by row, placed, and taken out for good."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from boundaries.plans.comment_files import read_comment_features, read_comment_table
from boundaries.plans.comments import (
    MOST_TEXT,
    check_comments,
    comments_frame,
    redact_comment,
    without_words,
    written_comment,
)
from boundaries.plans.draft import new_plan, open_plan, redact_plans, save_plan
from boundaries.plans.history import REDACTED
from boundaries.plans.rules import PersonalTextError
from geo.crs import Projection
from geo.errors import InputError
from geo.formats.csv_table import read_table
from tests.boundaries.drawn import SIGNED, SOUTH, WEST

PROJECTION = Projection.choose()
TODAY = date(2026, 6, 1)
HEADER = "Your name,Submitted,Ward,Easting,Northing,Comment,E-mail"


@pytest.fixture
def draft(any_city):
    made = new_plan(any_city, "north", blocks_layer="blocks", from_layer="wards", by="Ann")[0]
    save_plan(any_city, made.plan)
    return open_plan(any_city, "north", question=None)


def table(*rows: str, header: str = HEADER):
    content = "\n".join([header, *rows]).encode()
    return read_comment_table(read_table(content, file="c.csv"), projection=PROJECTION)


def checked(draft, file, held=(), **options):
    return check_comments(
        file, draft.plan.now, held, plan_id="north", by="Ann", today=TODAY, **options
    )


def test_rows_are_read_by_the_usual_names_of_columns(draft):
    place = f"{WEST + 50},{SOUTH + 50}"
    result = checked(
        draft,
        table(
            f"A. Reed,01/05/2026 14:05,,{place},The brook divides us,a@b.org",
            ",2026-05-02,west,,,Keep the school and its streets together,",
            ",,,,,Too many members,",
        ),
    )
    first, second, third = result.new
    assert (first.author, first.written_on, first.body) == (
        "A. Reed", "2026-05-01", "The brook divides us",
    )  # fmt: skip
    assert (first.x, first.y, first.source, first.added_by) == (
        WEST + 50, SOUTH + 50, "c.csv", "Ann",
    )  # fmt: skip
    assert (second.area_code, second.x, second.written_on) == ("W", None, "2026-05-02")
    assert (third.author, third.written_on, third.area_code, third.x) == ("", "", "", None)
    assert result.unread == ["E-mail"]
    assert (result.known, len(result.rejected)) == (0, 0)


WRONG = {
    ",,,,,,x": "it has no text",
    ",2026-06-02,,,,Hm,": "the date 2026-06-02 is to come",
    ",31/02/2026,,,,Hm,": "'31/02/2026' is no date; write 2026-05-01 or 01/05/2026",
    ",1826-06-02,,,,Hm,": "the date 1826-06-02 is too early",
    ",,Nowhere,,,Hm,": "the plan has no area 'Nowhere', or several of that name",
    ",,,abc,336000,Hm,": "'abc' and '336000' are no Easting and Northing",
    ",,,,336000,Hm,": "'' and '336000' are no Easting and Northing",
    f",,,,,{'x' * (MOST_TEXT + 1)},": "the text has more than 4,000 characters",
    f"{'x' * 101},,,,,Hm,": "the name has more than 100 characters",
    ",,,,,Ring me on 01332 123456,": "the text seems to hold a telephone number; take it out, or "
    "confirm that it names nobody",
}


def test_every_row_is_added_or_rejected_with_its_line_and_reason(draft):
    result = checked(draft, table(*WRONG, ",,,,,Fine,"))
    assert [comment.body for comment in result.new] == ["Fine"]
    rejected = result.rejected
    assert dict(zip(WRONG, rejected["reason"], strict=True)) == WRONG
    assert list(rejected["line"]) == list(range(2, len(WRONG) + 2))
    assert rejected["row"].iloc[0] == ("", "", "", "", "", "", "x")
    assert result.reasons == dict.fromkeys(WRONG.values(), 1)


def test_a_place_far_away_is_rejected(draft):
    result = checked(draft, table(",,,9000000,336000,Hm,"))
    assert result.new == []
    assert len(result.rejected) == 1


def test_whoever_confirms_that_nobody_is_named_keeps_the_texts(draft):
    file = table(",,,,,John Smith wrote the same,")
    assert checked(draft, file).new == []
    assert len(checked(draft, file, confirmed=True).new) == 1


def test_a_file_can_be_imported_again_with_what_has_come_since(draft):
    alike = (",,,,,Me too,", ",,,,,Me too,")
    held = checked(draft, table(*alike)).new
    assert len(held) == 2
    again = checked(draft, table(*alike, ",,,,,Me too,", ",,,,,And me,"), held)
    assert (again.known, [comment.body for comment in again.new]) == (2, ["Me too", "And me"])


def test_what_was_confirmed_once_is_known_without_confirming_it_again(draft):
    file = table(",,,,,John Smith wrote the same,")
    held = checked(draft, file, confirmed=True).new
    assert checked(draft, file, held).known == 1


def test_a_comment_whose_words_were_taken_out_does_not_come_back(draft):
    (stored,) = checked(draft, table("A. Reed,,,,,My neighbour at the corner,")).new
    gone = without_words(replace(stored, number=1), "W")
    assert (gone.author, gone.body, gone.area_code) == ("", REDACTED, "W")
    assert "neighbour" not in gone.taken_out
    again = checked(
        draft, table("A. Reed,,,,,My neighbour at the corner,", ",,,,,Another,"), [gone]
    )
    assert [comment.body for comment in again.new] == ["Another"]
    assert again.reasons == {"its words were taken out of this plan for good": 1}
    with pytest.raises(InputError, match="taken out already"):
        without_words(gone, "W")


def test_columns_can_be_named(draft):
    file = table("Fine,Ann", header="what,who")
    with pytest.raises(InputError, match="name it with --text-column"):
        checked(draft, file)
    with pytest.raises(InputError, match="no column 'which'"):
        checked(draft, file, named={"text": "which"})
    (comment,) = checked(draft, file, named={"text": "what", "name": "who"}).new
    assert (comment.body, comment.author) == ("Fine", "Ann")


def feature(geometry: object, **properties: object) -> dict:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_features_are_points_or_have_no_place(draft):
    lon, lat = (float(one[0]) for one in PROJECTION.to_lonlat([WEST + 50], [SOUTH + 50]))
    line = {"type": "LineString", "coordinates": [[lon, lat], [lon, lat + 0.1]]}
    collection = {
        "type": "FeatureCollection",
        "features": [
            feature({"type": "Point", "coordinates": [lon, lat]}, comment="Here", votes=3),
            feature(None, comment="Everywhere", date="2026-05-01"),
            feature(line, comment="A line"),
            feature({"type": "Point", "coordinates": [lat, lon]}, comment="Swapped"),
        ],
    }  # fmt: skip
    file = read_comment_features(
        json.dumps(collection).encode(), file="c.geojson", projection=PROJECTION
    )
    result = checked(draft, file)
    here, everywhere = result.new
    assert (here.x, here.y) == pytest.approx((WEST + 50, SOUTH + 50), abs=0.02)
    assert (everywhere.x, everywhere.written_on) == (None, "2026-05-01")
    assert list(result.rejected["line"]) == [3, 4]
    assert result.rejected["reason"].iloc[0] == "the feature must be a point; it is LineString"
    assert result.unread == ["votes"]


def test_a_place_is_on_the_area_that_its_block_is_in_now(draft):
    file = table(
        f",,,{WEST + 50},{SOUTH + 50},In a1,",
        ",,E,,,Of the East,",
        f",,,{WEST - 5000},{SOUTH},Beyond,",
        ",,,,,All of it,",
    )
    comments = checked(draft, file).new
    blocks = draft.block_layer

    def places(state):
        frame = comments_frame(comments, blocks, state, projection=PROJECTION)
        assert list(frame["outside"]) == [False, False, True, False]
        assert list(np.isnan(frame["longitude"])) == [False, True, False, True]
        return [*zip(frame["area_name"], frame["block_code"], strict=True)]

    assert places(draft.plan.now) == [("West", "a1"), ("East", ""), ("", ""), ("", "")]
    moved = draft.plan.move(["a1"], "E", signed=SIGNED, force=True).now
    assert places(moved)[0] == ("East", "a1")


def test_a_written_comment_is_checked_too(draft):
    options = {"plan_id": "north", "by": "Bob", "today": TODAY}
    with pytest.raises(PersonalTextError, match="telephone number"):
        written_comment({"text": "ring 01332 123456"}, draft.plan.now, **options)
    kept = written_comment(
        {"text": "  Two\n lines ", "area": "EAST", "date": "3 May 2026"},
        draft.plan.now,
        place=(1.0, 2.0),
        **options,
    )
    assert (kept.body, kept.area_code, kept.written_on) == ("Two\nlines", "E", "2026-05-03")
    assert (kept.x, kept.added_by, kept.source) == (1.0, "Bob", "")


def test_a_redaction_takes_the_place_out_too_and_leaves_the_area(any_city, draft):
    (comment,) = checked(draft, table(f"A,,,{WEST + 50},{SOUTH + 50},At my door,")).new
    with any_city.transaction():
        (stored,) = any_city.add_plan_comments([comment])
        redact_comment(any_city, draft.block_layer, draft.plan.now, stored)
    (gone,) = any_city.plan_comments("north")
    assert (gone.author, gone.body, gone.area_code, gone.x, gone.y) == (
        "",
        REDACTED,
        "W",
        None,
        None,
    )


def test_a_text_taken_out_of_a_plan_leaves_the_comments_that_hold_it(any_city, draft):
    text = "the lady at the corner"
    save_plan(any_city, draft.plan.explain("W", text, signed=SIGNED))
    comments = [
        replace(one, number=0) for one in checked(draft, table(f",,,,,{text},", ",,,,,B,")).new
    ]
    with any_city.transaction():
        any_city.add_plan_comments(comments)
    redacted = redact_plans(any_city, "north", 1, signed=SIGNED)
    assert redacted.comments == {"north": 1}
    assert [one.body for one in any_city.plan_comments("north")] == [REDACTED, "B"]
