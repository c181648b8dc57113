"""Measures of areas and entries of money and time: read, carried, held against each other."""
