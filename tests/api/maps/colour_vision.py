"""Colours as people with a colour vision deficiency see them, and how far apart they are.

Sources: Machado, Oliveira & Fernandes 2009 (severity 1.0, applied to linear RGB); CIEDE2000 as in
Sharma, Wu & Dalal 2005; sRGB and D65 of IEC 61966-2-1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VISIONS: dict[str, Floats] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)


def over(colour: str, ground: str, opacity: float = 1.0) -> Floats:
    """A colour (`#rrggbb`) as it looks on a ground: red, green and blue from 0 to 1."""
    return opacity * _rgb(colour) + (1 - opacity) * _rgb(ground)


def seen(rgb: Floats, vision: str) -> Floats:
    """A colour as it looks to a vision: L*, a* and b*."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = _TO_XYZ @ np.clip(VISIONS[vision] @ linear, 0, 1) / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: Floats, other: Floats) -> float:
    """CIEDE2000 of two colours in L*a*b*."""
    (light, a, b), (light2, a2, b2) = one, other
    chroma = (np.hypot(a, b) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25**7))
    a, a2 = a * stretch, a2 * stretch
    c, c2 = np.hypot(a, b), np.hypot(a2, b2)
    hue, hue2 = (np.degrees(np.arctan2(y, x)) % 360 for x, y in ((a, b), (a2, b2)))
    turn = (hue2 - hue + 180) % 360 - 180 if c * c2 else 0.0
    d_light, d_chroma = light2 - light, c2 - c
    d_hue = 2 * np.sqrt(c * c2) * np.sin(np.radians(turn / 2))
    mean_light, mean_chroma = (light + light2) / 2, (c + c2) / 2
    mean_hue = hue + turn / 2 if c * c2 else hue + hue2
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_hue - 30))
        + 0.24 * np.cos(np.radians(2 * mean_hue))
        + 0.32 * np.cos(np.radians(3 * mean_hue + 6))
        - 0.20 * np.cos(np.radians(4 * mean_hue - 63))
    )
    of_light = 1 + 0.015 * (mean_light - 50) ** 2 / np.sqrt(20 + (mean_light - 50) ** 2)
    of_chroma, of_hue = 1 + 0.045 * mean_chroma, 1 + 0.015 * mean_chroma * t
    blue = 60 * np.exp(-((((mean_hue - 275 + 180) % 360 - 180) / 25) ** 2))
    rotation = -np.sin(np.radians(blue)) * 2 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7))
    x, y, z = d_light / of_light, d_chroma / of_chroma, d_hue / of_hue
    return float(np.sqrt(x**2 + y**2 + z**2 + rotation * y * z))


def _rgb(colour: str) -> Floats:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
