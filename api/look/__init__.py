"""What a file is before it is imported: its kind, fields, place, dates, faults and command."""
