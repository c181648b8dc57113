"""Plans: draft boundaries made of blocks, with their history and their measures."""
