"""Recolouring measured: does structure stay, does the colour come, does nothing run over the border?

A hasty dab on an iris, the lips, a brow and the hair of each face, in a colour the part does not have; methods are
`recolour` (mode="recolor", no mask), `redraw` (the part erased, with air around it, the same dab) and the photograph.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000

from scfegan_hf.conditioning import context_square
from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.benchmark.figures import Figure, bootstrap
from scfegan_hf.faces.clicks import part_at
from scfegan_hf.faces.landmarks import LEFT_EYE, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face

# By part: its region, colours to give it, and how far beyond the region's border it may still reach, in eye distances.
COLORS = {
    "iris": ("iris", ((94, 130, 170), (98, 124, 84), (110, 75, 45), (130, 140, 145)), 0.06),
    "lips": ("lips", ((170, 30, 45), (196, 140, 120), (100, 30, 70), (215, 130, 140)), 0.05),
    "brow": ("brows", ((45, 32, 26), (150, 115, 75), (110, 55, 35)), 0.06),
    "hair": ("hair", ((200, 165, 110), (140, 55, 30), (85, 55, 38), (35, 28, 26)), 0.12),
}
FIGURES = {"detail_kept": ("detail kept ↑", 3), "color_difference": ("CIEDE2000 ↓", 2), "bleeding": ("bleeding ↓", 2)}
RING = 0.3  # outer border of where bleeding is looked for, in eye distances
DETAIL = 0.04  # width of the blur that detail is what is left of, in eye distances
SHOWN, TILE = 40, 192  # dabs on the sheet, and the side of a picture there
LEAST = 40  # pixels of a part's core, below which there is nothing to measure


@dataclass(frozen=True)
class Dab:
    """A part of a photograph (uint8 RGB) and the RGBA dab on it: core and ring (H, W) bool, where figures are taken."""

    name: str
    face: int
    photo: np.ndarray
    color: np.ndarray
    wanted: tuple[int, int, int]
    mask: np.ndarray
    core: np.ndarray
    ring: np.ndarray
    apart: float


Recolor = Callable[[Dab], np.ndarray]
Table = dict[str, dict[str, dict[str, Figure]]]


def make_dabs(rows: Sequence, faces: Sequence[int], seed: int = 0) -> Iterator[Dab]:
    """The four parts of the rows ``faces``, those that a face shows."""
    for face in faces:
        row = decode_face(rows[face])
        if len(row["landmarks"]):
            for number, name in enumerate(COLORS):
                dab = _make_dab(name, face, row, np.random.default_rng((seed, face, number)))
                if dab is not None:
                    yield dab


def _make_dab(name: str, face: int, row: dict, rng: np.random.Generator) -> Dab | None:
    label, choices, air = COLORS[name]
    points, photo = row["landmarks"], row["image"]
    region = (row["regions"] == REGIONS.index(label)).astype(np.uint8)
    apart = float(np.hypot(*(points[LEFT_EYE].mean(0) - points[RIGHT_EYE].mean(0))))
    if name in ("iris", "brow"):  # one of the two
        _, pieces, stats, _ = cv2.connectedComponentsWithStats(region)
        if len(stats) < 2:
            return None
        region = (pieces == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    if name == "hair":
        region[int(points[:, 1].max()) :] = 0
    depth = cv2.distanceTransform(region, cv2.DIST_L2, 5)
    core = depth > min(0.5 * float(depth.max()), 0.7 * air * apart)  # regions are wrong by a few pixels, and borders are mixed
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    if name == "iris":  # without the pupil
        core &= np.hypot(
            *np.subtract(np.indices(core.shape)[::-1], np.reshape(points[_nearer(points, x)], (2, 1, 1)))
        ) > 0.45 * (depth.max())
    if core.sum() < LEAST:
        return None
    lab = _lab(photo)[core].mean(0)
    wanted = max(choices, key=lambda color: float(deltaE_ciede2000(_lab(np.uint8([[color]]))[0, 0], lab)) + rng.uniform(0, 20))
    color = np.zeros((*region.shape, 4), np.uint8)
    middle, along = np.array([x, y]) + rng.normal(0, 0.15 * depth.max(), 2), np.array([0.6 * depth.max() + 2, rng.normal(0, 2)])
    ends = [tuple(np.round(middle + sign * along).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(color, *ends, (*wanted, 255), max(int(0.7 * depth.max()), 2))
    beyond = cv2.distanceTransform(1 - region, cv2.DIST_L2, 5) / apart
    _, mask = part_at(row["regions"], points, int(x), int(y))
    return Dab(name, face, photo, color, wanted, mask > 0, core, (beyond > air) & (beyond < RING), apart)


def _nearer(points: np.ndarray, x: int) -> int:
    return min((96, 97), key=lambda pupil: abs(points[pupil, 0] - x))


def measure(dab: Dab, result: np.ndarray) -> dict[str, float]:
    """detail_kept: correlation of the lightness's detail in the core with the photograph's; color_difference: CIEDE2000 of
    the core's mean colour to the dab; bleeding: mean change in the ring, grey levels of 255."""
    before, after = (_detail(picture, dab.core, DETAIL * dab.apart) for picture in (dab.photo, result))
    mean, wanted = _lab(result)[dab.core].mean(0), _lab(np.uint8([[dab.wanted]]))[0, 0]
    return {
        "detail_kept": float(np.corrcoef(before, after)[0, 1]),
        "color_difference": float(deltaE_ciede2000(mean, wanted)),
        "bleeding": float(np.abs(result.astype(np.int16) - dab.photo)[dab.ring].mean()),
    }


def _lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _detail(rgb: np.ndarray, core: np.ndarray, sigma: float) -> np.ndarray:
    light, share = _lab(rgb)[..., 0], core.astype(np.float32)
    smooth = cv2.GaussianBlur(light * share, (0, 0), sigma) / (cv2.GaussianBlur(share, (0, 0), sigma) + 1e-6)
    return (light - smooth)[core]


def methods(pipe) -> dict[str, Recolor]:
    """The three rows, of a FaceEditPipeline."""
    return {
        "recolour": lambda dab: np.asarray(pipe(dab.photo, color=dab.color, mode="recolor").image),
        "redraw": lambda dab: np.asarray(pipe(dab.photo, dab.mask, color=dab.color, invert=False).image),
        "the photograph": lambda dab: dab.photo,
    }


def run(dabs: Sequence[Dab], rows: dict[str, Recolor], seed: int = 0) -> tuple[Table, np.ndarray]:
    """``table[part or "all"][method][figure]``, means over faces with bootstrap intervals, and a sheet of the first SHOWN dabs.

    A refusal counts as no change.
    """
    shown: list[np.ndarray] = []
    values: dict[tuple, dict[int, list[float]]] = {}
    for dab in dabs:
        line = [_drawn(dab)]
        for method, recolor in rows.items():
            try:
                result, refused = recolor(dab), 0.0
            except ValueError:
                result, refused = dab.photo, 1.0
            for figure, value in (measure(dab, result) | {"refused": refused}).items():
                for part in ("all", dab.name):
                    values.setdefault((part, method, figure), {}).setdefault(dab.face, []).append(value)
            line.append(result)
        if len(shown) < SHOWN:
            shown.append(np.hstack([_near(dab, picture) for picture in (dab.photo, *line)]))
    table: Table = {}
    for part in ("all", *COLORS):
        for (name, method, figure), faces in values.items():
            if name == part:
                table.setdefault(part, {}).setdefault(method, {})[figure] = bootstrap(
                    [np.mean(v) for v in faces.values()], seed
                )
    return table, np.vstack(shown)


def _drawn(dab: Dab) -> np.ndarray:
    painted = dab.color[..., 3:] > 0
    return np.where(painted, dab.color[..., :3], dab.photo)


def _near(dab: Dab, picture: np.ndarray) -> np.ndarray:
    """The part and its surroundings, TILE pixels a side."""
    x0, y0, x1, y1 = context_square(bounds(dab.core), *dab.core.shape, 1.4, int(dab.apart / 2))
    return cv2.resize(np.ascontiguousarray(picture[y0:y1, x0:x1]), (TILE, TILE), interpolation=cv2.INTER_AREA)


def to_markdown(table: Table) -> str:
    """One table, a row for each part and method."""
    columns = {**FIGURES, "refused": ("refused", 2)}
    lines = [
        "| part | method | faces | " + " | ".join(head for head, _ in columns.values()) + " |",
        "|---|---|---:|" + "---:|" * len(columns),
    ]
    for part, by_method in table.items():
        for method, figures in by_method.items():
            cells = [
                f"{figures[name].mean:.{digits}f} ± {(figures[name].high - figures[name].low) / 2:.{digits}f}"
                for name, (_, digits) in columns.items()
            ]
            lines.append(f"| {part} | {method} | {figures['refused'].faces} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
