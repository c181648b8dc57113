"""How a side of a race keeps its answer, and tells what it took."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np


def keep(answer: str, figures: dict[str, float], **arrays: np.ndarray) -> None:
    """Keep arrays for comparison, and print the figures as the last line."""
    np.savez(Path(answer), **arrays)
    sys.stdout.write(json.dumps(figures) + "\n")
