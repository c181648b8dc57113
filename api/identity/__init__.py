"""Who makes a request, what they may do, and what of the data they see."""
