"""The collections of the OGC API: layers, plans, answers and incidents."""
