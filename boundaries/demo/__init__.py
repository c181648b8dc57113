"""The generator of Doggerham, a synthetic city to try Patchmap on."""

from boundaries.demo.city import DemoCity, build_city

__all__ = ["DemoCity", "build_city"]
