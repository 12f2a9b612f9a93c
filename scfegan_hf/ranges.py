"""What numbers a flag takes, checked before anything begins, and said in words."""

import math


def check_range(name: str, value: float, low: float, high: float = math.inf, open_low: bool = False) -> None:
    """Raises ValueError, naming the flag, unless ``value`` is finite and lies from ``low`` (or above it) to ``high``."""
    if math.isfinite(value) and (low < value if open_low else low <= value) and value <= high:
        return
    least = f"above {low:g}" if open_low else f"at least {low:g}"
    most = "" if math.isinf(high) else f" and at most {high:g}"
    raise ValueError(f"--{name} must be {least}{most}, not {value:g}.")
