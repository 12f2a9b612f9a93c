"""Another colour for pixels that keep their structure: a curve of lightness, and chroma that follows it (CIELAB)."""

import cv2
import numpy as np

TOE = 2.0  # lightness that is added before the power, so that black noise does not become coarse
GAIN = (0.8, 1.2)  # least and most factor of detail
FINE = 0.4  # share of the photograph's own variation of hue and chroma that is kept


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB (H, W, 3) from 0 to 255 to CIELAB float32, L from 0 to 100."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def to_rgb(lab: np.ndarray) -> np.ndarray:
    """The reverse, float32 from 0 to 255, clipped to sRGB."""
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255


def shifted(lab: np.ndarray, base: np.ndarray, weight: np.ndarray, target: np.ndarray) -> np.ndarray:
    """sRGB (N, 3), 0 to 255, of pixels ``lab`` (N, 3) with their mean by ``weight`` (N,) brought to the colour ``target`` (3,).

    ``base`` (N,): their lightness without detail. The chroma of shadows falls with their lightness, that of highlights
    towards white, as on a glossy surface. What clipping to sRGB takes away is given back by aiming further, within limits: an
    even blaze looks like paint.
    """
    aim, low, high = target.astype(np.float64), *_limits(target)
    weight = weight / weight.sum()
    for _ in range(5):
        moved = to_rgb(_toward(lab, base, weight, aim)[None])[0]
        aim = np.clip(aim + target - weight @ to_lab(moved[None])[0], low, high)
    return moved


def _limits(target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    further = np.array([12, *(0.1 * np.abs(target[1:]) + 2)])
    low, high = target - further, target + further
    low[0], high[0] = max(low[0], 1), min(high[0], 99)
    return low, high


def _toward(lab: np.ndarray, base: np.ndarray, weight: np.ndarray, aim: np.ndarray) -> np.ndarray:
    light = relit(lab[:, 0], base, weight, aim[0])
    shade = np.minimum((light + 8) / (aim[0] + 8), 1)
    gloss = np.clip((100 - light) / (100 - aim[0]), 0, 1)
    own = lab[:, 1:] - weight @ lab[:, 1:]
    return np.column_stack([light, aim[1:] * (shade * gloss)[:, None] + FINE * own]).astype(np.float32)


def relit(light: np.ndarray, base: np.ndarray, weight: np.ndarray, mean: float) -> np.ndarray:
    """Lightness (N,) with another mean by ``weight``: its ``base`` by a curve that keeps black and white, detail by one factor.

    A curve for each pixel alone would flatten what is light where it lifts, and what is dark where it lowers.
    """
    level = _curve(base, weight, mean)
    slope = _slope(base, level, weight) if np.ptp(base) > 1 else 1.0
    moved = level + np.clip(slope, *GAIN) * (light - base)
    return np.where(moved > mean, mean + _rolled(moved - mean, 100 - mean), mean - _rolled(mean - moved, mean))


def _slope(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Of the line through points (N,) by least squares, sooner than `np.polyfit`; 1 where they lie one above the other."""
    apart = x - weight @ x / weight.sum()
    spread = float(weight @ apart**2)
    return float((weight * apart) @ y / spread) if spread > 1e-9 * weight.sum() else 1.0


def _rolled(excess: np.ndarray, room: float) -> np.ndarray:
    """Nearly the same while small, and never more than there is room for."""
    share = np.maximum(excess, 0) / room
    return room * share / (1 + share**6) ** (1 / 6)


def _curve(light: np.ndarray, weight: np.ndarray, mean: float) -> np.ndarray:
    """Half a power of lightness, which keeps highlights, half one of what lacks to white, which keeps shadows."""
    base = (np.maximum(light, 0) + TOE) / (100 + TOE)
    up = (100 + TOE) * base ** _exponent(base, weight, (mean + TOE) / (100 + TOE)) - TOE
    lack = 1 - np.clip(light, 0, 100) / 100
    down = 100 * (1 - lack ** _exponent(lack, weight, 1 - mean / 100))
    return (up + down) / 2


def _exponent(base: np.ndarray, weight: np.ndarray, mean: float) -> float:
    """The exponent that brings the mean of ``base``, from 0 to 1, to ``mean``; by bisection."""
    low, high = -3.0, 3.0  # natural logarithms
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if weight @ base ** np.exp(middle) > mean else (low, middle)
    return float(np.exp((low + high) / 2))
