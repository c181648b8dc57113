"""What is listed to read, what replaces what, and what is broken."""

import pickle
import shutil

import pytest

from geo.errors import InputError
from geo.scale import find_parts
from tests.geo.scale.counting import counted_here
from tests.geo.street_files import row, write


def test_each_month_of_each_force_is_a_part_the_earliest_first(parts):
    assert len(parts) == 42
    assert (parts[0].name, parts[0].force, parts[0].month) == (
        "2014-01-force-01-street.csv",
        "force-01",
        "2014-01",
    )


def test_parts_can_be_sent_to_another_process(parts, projection):
    sent = pickle.loads(pickle.dumps(parts[0]))
    assert sum(len(points.x) for points in sent.read(projection)) > 0


def test_a_month_of_a_force_that_comes_again_is_read_once_as_the_last_file_has_it(
    country, parts, tmp_path, projection
):
    later = write(tmp_path, row(month="2014-01"), name="2014-01-force-07-street.csv")
    result = find_parts([*country.glob("*.zip"), later])
    assert len(result.parts) == len(parts)
    assert result.replaced == ["2014-01-force-07-street.csv"]
    (seventh,) = (part for part in result.parts if part.force == "force-07")
    assert sum(len(points.x) for points in seventh.read(projection)) == 1


def test_a_damaged_archive_is_named_and_the_rest_goes_on(country, parts, tmp_path):
    (whole,) = country.glob("*.zip")
    damaged = tmp_path / "cut.zip"
    damaged.write_bytes(whole.read_bytes()[:100_000])
    result = find_parts([damaged, whole])
    assert len(result.parts) == len(parts)
    assert [broken.reason for broken in result.broken] == [
        "cut.zip is a damaged zip archive: File is not a zip file"
    ]


def test_a_damaged_file_inside_an_archive_counts_nothing_and_the_rest_goes_on(
    country, tmp_path, job, counted
):
    (whole,) = country.glob("*.zip")
    content = bytearray(whole.read_bytes())
    at = content.index(b"2014-01-force-20-street.csv") + 5_000
    content[at : at + 50] = bytes(50)
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(content)
    result = counted_here(find_parts([damaged]).parts, job)
    (broken,) = result.broken
    assert broken.name == "2014-01-force-20-street.csv"
    assert "damaged.zip is a damaged zip archive: 2014-01/2014-01-force-20" in broken.reason
    lost = next(part.counted for part in counted.reports if part.force == "force-20")
    assert result.accounts()["counted"] == counted.accounts()["counted"] - lost
    assert result.whole_months == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "there is no file nowhere"),
        ("empty", "no file can be read: empty holds no street-level file"),
    ],
)
def test_nothing_to_read_is_refused(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        find_parts([tmp_path.relative_to(tmp_path) / name])


def test_a_month_that_was_published_twice_is_halved_before_it_is_counted(tmp_path, projection):
    path = write(tmp_path, row(), row(), name="2024-01-derbyshire-street.csv")
    halves = {("derbyshire", "2024-01"): "anti-social-behaviour"}
    (part,) = find_parts([path], halves=halves).parts
    (points,) = part.read(projection)
    assert (len(points.x), points.rejected) == (1, {"published twice": 1})


def test_halving_a_month_that_is_not_there_is_refused(country):
    with pytest.raises(InputError, match="--halve kent:2024-01 does not match any of the files"):
        find_parts(country.glob("*.zip"), halves={("kent", "2024-01"): "drugs"})


def test_a_folder_of_months_is_read_as_its_archive_is(country, tmp_path, job, counted):
    shutil.unpack_archive(next(country.glob("*.zip")), tmp_path)
    assert counted_here(find_parts([tmp_path]).parts, job).frame().equals(counted.frame())
