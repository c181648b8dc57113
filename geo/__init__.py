"""What the points say: the join, the hotspots, the allocation, and the stores they read.

No HTTP, no environment variables and no printing happen in this package.
"""
