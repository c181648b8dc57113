"""Files that users name, written whole or not at all."""

from geo.output.destination import Destination, destination
from geo.output.files import Output, write_file, write_text
from geo.output.reasons import naming, output_error

__all__ = [
    "Destination",
    "Output",
    "destination",
    "naming",
    "output_error",
    "write_file",
    "write_text",
]
