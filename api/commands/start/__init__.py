"""`patchmap start`: from a folder of downloads to the board of one's own city."""
