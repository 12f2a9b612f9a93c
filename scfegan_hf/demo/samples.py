"""Examples: pictures of our own making with a drawing on each, for the page to load and run by one click."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Samples:
    """photos: data URLs of pictures by name. drawings: dicts with title, photo (a name), steps and thumbnail (a data URL)."""

    photos: dict[str, str] = field(default_factory=dict)
    drawings: list[dict[str, Any]] = field(default_factory=list)


def read_samples() -> Samples:
    """Those that the package carries."""
    return Samples()
