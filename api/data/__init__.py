"""The page `/data`: files are uploaded, looked at, imported, and their imports undone."""
