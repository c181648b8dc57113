"""The guide: Markdown pages beside the code, served at `/help` with no internet."""
