"""The page of a file of counts: a country, without a store."""
