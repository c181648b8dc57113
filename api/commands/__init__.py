"""The commands, by what they are about. Each opens, calls and prints."""
