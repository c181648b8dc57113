"""The file formats that Patchmap writes and negotiates, and files of points that it reads."""
