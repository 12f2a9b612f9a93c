"""A photograph of a face and what a hasty hand draws on it, placed by its landmarks; for benchmarks/kinds.py."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from scfegan_hf.faces.landmarks import LEFT_EYE, RIGHT_EYE


@dataclass
class Sheet:
    """A photograph, uint8 RGB, its 98 landmarks, and what is drawn on it; ``unit`` is the distance between the eyes."""

    photo: np.ndarray
    points: np.ndarray
    rng: np.random.Generator
    mode: str = "redraw"
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        shape = self.photo.shape[:2]
        self.mask, self.sketch = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        self.color = np.zeros((*shape, 4), np.uint8)
        left, right = self.points[LEFT_EYE].mean(0), self.points[RIGHT_EYE].mean(0)
        self.origin, self.unit = (left + right) / 2, float(np.hypot(*(right - left)))
        self.across = (right - left) / self.unit
        self.down = np.array([-self.across[1], self.across[0]])

    def at(self, *places: tuple[float, float]) -> np.ndarray:
        """Pixels of places in units from the middle between the eyes, to the right and down."""
        return np.array([self.origin + self.unit * (x * self.across + y * self.down) for x, y in places])

    def _hasty(self, points: np.ndarray) -> np.ndarray:
        return np.round(points + self.rng.normal(0, 0.012 * self.unit, np.shape(points))).astype(np.int32)

    def erase(self, points: np.ndarray, width: float) -> None:
        """A brush of ``width`` units along the points."""
        cv2.polylines(self.mask, [self._hasty(points)], False, 255, max(round(width * self.unit), 2))

    def erase_inside(self, points: np.ndarray, air: float = 0.08) -> None:
        """All within the points' hull, and some air around it."""
        cv2.fillPoly(self.mask, [cv2.convexHull(self._hasty(points))], 255)
        self.mask = cv2.dilate(self.mask, np.ones((max(round(2 * air * self.unit), 1),) * 2, np.uint8))

    def line(self, points: np.ndarray, closed: bool = False) -> None:
        cv2.polylines(self.sketch, [self._hasty(points)], closed, 255, 2)

    def dab(self, points: np.ndarray, rgb: tuple[int, int, int], width: float) -> None:
        cv2.polylines(self.color, [self._hasty(points)], False, (*rgb, 255), max(round(width * self.unit), 2))

    def skin(self) -> tuple[int, int, int]:
        """The cheeks' colour, which one would pick."""
        x, y = np.round(self.at((0.45, 0.6))[0]).astype(int)
        return tuple(int(v) for v in np.median(self.photo[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 3), axis=0))


def curve(points: np.ndarray, bend: float, count: int = 7) -> np.ndarray:
    """A line from the first to the last point that hangs by ``bend`` pixels in the middle."""
    t = np.linspace(0, 1, count)[:, None]
    return points[0] * (1 - t) + points[-1] * t + 4 * t * (1 - t) * np.array([0, bend])
