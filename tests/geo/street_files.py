"""Street-level files written as lists of rows, and read again."""

from pathlib import Path

from geo.incidents import Batch, Partition
from geo.sources.police_uk import read_police_uk

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context"
)
OLD_HEADER = "Month,Reported by,Falls within,Easting,Northing,Location,Crime type,Context"
ASB = "Anti-social behaviour"
NAME = "2024-01-derbyshire-street.csv"


def row(
    kind: str = ASB,
    *,
    lon: str = "-1.4979",
    lat: str = "52.91346",
    month: str = "2024-01",
    crime_id: str = "",
) -> str:
    force = "Derbyshire Constabulary"
    return f"{crime_id},{month},{force},{force},{lon},{lat},On or near High Street,,,{kind},,"


def street_file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def write(folder: Path, *rows: str, name: str = NAME, header: str = HEADER) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(street_file(*rows, header=header))
    return path


def read_one(path: Path, projection, partition: str = "") -> Partition:
    (result,) = read_police_uk(path, projection, partition=partition)
    return result


def rows_of(path: Path, projection) -> Batch:
    return Batch.join(read_one(path, projection).batches())


def read_all(path: Path, projection) -> list[Batch]:
    """All that is read of a path, header and rows."""
    return [Batch.join(part.batches()) for part in read_police_uk(path, projection)]
