"""The doors of Patchmap: pages, OGC collections and the command line."""
