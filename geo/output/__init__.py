"""Files that users name, written whole or not at all."""

from geo.output.destination import Destination, destination, unlike_file
from geo.output.files import Output, write_file, write_text
from geo.output.folder import OutputFolder
from geo.output.reasons import has_room, is_out_of_room, naming, output_error

__all__ = [
    "Destination",
    "Output",
    "OutputFolder",
    "destination",
    "has_room",
    "is_out_of_room",
    "naming",
    "output_error",
    "unlike_file",
    "write_file",
    "write_text",
]
