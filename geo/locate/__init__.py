"""The join: which area holds each point.

The rule is that a point belongs to the touching area with the lowest code, exactly as
`shapely.intersects` decides touching. Nothing is stored: the join is made when a Question
is asked, so a draft boundary is joined as easily as a real one.

`locator` is the door. Few points are asked of shapely one by one (`touching`); many go through a
`grid`, whose `kernels` decide all that plain arithmetic can decide for certain and leave the rest
to shapely again. `saved` keeps a grid in a file. `changing` serves areas that move while points
are asked one by one.
"""

from geo.locate.layout import OUTSIDE
from geo.locate.locator import AreaLocator, warm_up

__all__ = ["OUTSIDE", "AreaLocator", "warm_up"]
