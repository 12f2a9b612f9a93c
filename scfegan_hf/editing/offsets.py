"""Where in the photograph the texture of a hole is copied from: few offsets, chosen coherently.

Each cell of the hole votes for the offsets to places that look like it at the network's pixel size; the offsets with the most
votes are kept (He & Sun 2012), and each cell is given one of them so that neighbours mostly agree (iterated conditional
modes). Long stretches are therefore copied in one piece, and nothing is repeated side by side.
"""

from dataclasses import dataclass

import cv2
import numpy as np

CELL = 4  # side of a cell in the network's pixels
REACH = 4  # of a patch around a cell, in the network's pixels
TAPS = tuple((y, x) for y in range(-REACH, REACH + 1, 2) for x in range(-REACH, REACH + 1, 2) if (x % 4 == 0) == (y % 4 == 0))
# Weights of a patch's colours and gradients; lightness has 1.
COLOR, GRADIENT = 1.5, 1.5
DIMENSIONS = 16  # of patches after the principal axes
CLEAR = 3  # network pixels between a source and anything unknown
MOST_SOURCES, VOTES = 6000, 4
OFFSETS, DRAWN = 96, 64  # kept for their votes, and drawn from all votes, which serve what is rare
AGREEMENT = 0.75  # what a neighbour with the same offset is worth, in parts of the usual misfit
SWEEPS = 4
# Places with more detail than usual in their region are wrinkles, edges, strands across a cheek: costs to copy them.
UNUSUAL, UNUSUAL_COST = 0.4, 80.0
RING = np.float32([[1, 1, 1], [1, 0, 1], [1, 1, 1]])  # a cell's neighbours
NOWHERE = 4000.0  # misfit of a cell that has nowhere to be copied from


@dataclass(frozen=True)
class Copies:
    """Cells of a hole and where each is copied from, all in pixels of the picture.

    x (columns,), y (rows,): centres of the cells. sign, shift_x, shift_y (rows, columns): pixel (x, y) is copied from
    (sign * x + shift_x, y + shift_y); sign -1 mirrors. misfit (rows, columns): mean square of what the patches differ by.
    """

    x: np.ndarray
    y: np.ndarray
    sign: np.ndarray
    shift_x: np.ndarray
    shift_y: np.ndarray
    misfit: np.ndarray

    def sources(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the centres' sources, int (rows, columns)."""
        x = self.sign * self.x + self.shift_x
        return np.round(x).astype(int), np.round(self.y[:, None] + self.shift_y).astype(int)

    def spread(self, values: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        """A value for each cell to each pixel of a box (x0, y0, x1, y1), bilinearly: float32."""
        rows = np.interp(np.arange(box[1], box[3]), self.y, np.arange(len(self.y))).astype(np.float32)
        columns = np.interp(np.arange(box[0], box[2]), self.x, np.arange(len(self.x))).astype(np.float32)
        where = np.meshgrid(columns, rows)
        return cv2.remap(values.astype(np.float32), *where, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def copy(self, picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
        """A float32 picture (H, W, 3) copied into a box: four layers of overlapping cells, gone over into each other."""
        (rows, row_weights), (columns, column_weights) = _layers(self.y, box[1], box[3]), _layers(self.x, box[0], box[2])
        x, y = (np.arange(low, high, dtype=np.float32) for low, high in ((box[0], box[2]), (box[1], box[3])))
        result = np.zeros((len(y), len(x), picture.shape[2]), np.float32)
        for i, row_weight in zip(rows, row_weights, strict=True):
            for j, column_weight in zip(columns, column_weights, strict=True):
                cells = np.ix_(i, j)
                source_x, source_y = self.sign[cells] * x + self.shift_x[cells], y[:, None] + self.shift_y[cells]
                layer = cv2.remap(picture, source_x, source_y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
                layer *= (row_weight[:, None] * column_weight)[..., None]
                result += layer
        return result


def _layers(centres: np.ndarray, low: int, high: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """For pixels low to high: the cells before and after each, and their weights, which sum to 1."""
    pixels = np.arange(low, high)
    before = np.clip(np.searchsorted(centres, pixels, side="right") - 1, 0, len(centres) - 1)
    after = np.minimum(before + 1, len(centres) - 1)
    part = np.clip((pixels - centres[before]) / np.maximum(centres[after] - centres[before], 1e-6), 0, 1)
    part = part * part * (3 - 2 * part)
    first, second = (1 - part) ** 2, part**2
    return (before, after), ((first / (first + second)).astype(np.float32), (second / (first + second)).astype(np.float32))


def choose(
    picture: np.ndarray,
    hole: np.ndarray,
    groups: np.ndarray,
    box: tuple[int, int, int, int],
    scale: float,
    rng: np.random.Generator,
) -> Copies | None:
    """Where the hole in ``box`` is copied from; None where there is too little to copy.

    picture: float32 RGB (H, W, 3), the answer in the hole; hole: bool (H, W), all that is not known; groups: uint8 (H, W),
    copies stay within a group; scale: pixels of the picture to one of the network.
    """
    height, width = hole.shape
    grid = max(round(width / scale), 4 * REACH), max(round(height / scale), 4 * REACH)
    step = np.array([width / grid[0], height / grid[1]])
    small = cv2.resize(picture, grid, interpolation=cv2.INTER_AREA)
    unknown = cv2.resize(hole.astype(np.float32), grid, interpolation=cv2.INTER_AREA) > 1e-3
    labels = cv2.resize(groups, grid, interpolation=cv2.INTER_NEAREST)
    unusual = UNUSUAL_COST * _unusual(small, ~unknown, labels)
    allowed = _allowed(~unknown, labels)
    plain, mirrored = _compressed([_patches(small), _patches(np.ascontiguousarray(small[:, ::-1]))], rng)
    views = [plain, mirrored[:, ::-1]]
    x, y = (
        np.unique(np.clip(np.round(np.arange(box[i] / step[i], box[i + 2] / step[i] + CELL, CELL)), 0, grid[i] - 1).astype(int))
        for i in (0, 1)
    )
    offsets = _voted(views, labels, unknown, unusual, allowed, (x, y), rng)
    if offsets is None:
        return None
    misfit = _misfits(views, labels, unusual, allowed, (x, y), offsets)
    care = cv2.dilate(unknown.astype(np.uint8), np.ones((2 * CELL + 1,) * 2, np.uint8))[np.ix_(y, x)] > 0
    chosen = _agreed(misfit * care, care)
    sign = np.where(offsets[chosen, 0] > 0, -1.0, 1.0)
    least = np.where(care, np.take_along_axis(misfit, chosen[None], 0)[0], 0)
    centres = [(axis + 0.5) * step[i] - 0.5 for i, axis in enumerate((x, y))]
    source_x = (sign * x + offsets[chosen, 1] + 0.5) * step[0] - 0.5
    source_y = (y[:, None] + offsets[chosen, 2] + 0.5) * step[1] - 0.5
    shift_x, shift_y = np.round(source_x - sign * centres[0]), np.round(source_y - centres[1][:, None])
    return Copies(*centres, *(array.astype(np.float32) for array in (sign, shift_x, shift_y, least)))


def _patches(small: np.ndarray) -> np.ndarray:
    """Blurred Lab colours and gradients at the taps around each pixel, (H, W, taps * 5), near ones weighing more."""
    lab = cv2.cvtColor(np.clip(cv2.GaussianBlur(small, (0, 0), 1.0), 0, 255) / 255, cv2.COLOR_RGB2LAB)
    slopes = [cv2.Sobel(lab[..., 0], cv2.CV_32F, *order, scale=0.25) * GRADIENT for order in ((1, 0), (0, 1))]
    values = np.dstack([lab[..., 0], lab[..., 1] * COLOR, lab[..., 2] * COLOR, *slopes])
    height, width, depth = values.shape
    padded = np.pad(values, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="reflect")
    weights = np.exp(-(np.array(TAPS) ** 2).sum(1) / 18)
    result = np.empty((height, width, len(TAPS), depth), np.float32)
    for number, (y, x) in enumerate(TAPS):
        weight = np.float32(np.sqrt(weights[number] / weights.sum()))
        np.multiply(padded[REACH + y : REACH + y + height, REACH + x : REACH + x + width], weight, out=result[:, :, number])
    return result.reshape(height, width, -1)


def _compressed(patches: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The same along the principal axes of the first ones, of which a sample tells."""
    flat = patches[0].reshape(-1, patches[0].shape[2])
    sample = flat[rng.integers(0, len(flat), 1000)]
    sample = sample - sample.mean(0)
    axes = np.ascontiguousarray(np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :DIMENSIONS])
    return [(patch.reshape(-1, len(axes)) @ axes).reshape(*patch.shape[:2], -1) for patch in patches]


def _unusual(small: np.ndarray, known: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """By how much the logarithm of the detail around a pixel exceeds what is usual in its group, (H, W)."""
    lightness = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) / 2.55
    fine = lightness - cv2.GaussianBlur(lightness, (0, 0), 2.0)
    energy = np.log(cv2.GaussianBlur(fine * fine, (0, 0), 2.0) + 0.05)
    result = np.zeros_like(energy)
    for label in np.unique(labels):
        here = labels == label
        if (here & known).sum() > 20:
            result[here] = np.maximum(energy[here] - np.median(energy[here & known]) - UNUSUAL, 0)
    return result


def _allowed(known: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where copies may come from: all around is known, within the picture, and of one group."""
    clear = np.ones((2 * CLEAR + 1,) * 2, np.uint8)
    allowed = cv2.erode(known.astype(np.uint8), clear, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    five = np.ones((5, 5), np.uint8)
    return allowed & (cv2.erode(labels, five) == cv2.dilate(labels, five))


def _voted(views, labels, unknown, unusual, allowed, cells, rng) -> np.ndarray | None:
    """The offsets to choose from, (N, 3): which view, x, y."""
    rows, columns = np.nonzero(allowed)
    if len(rows) < 20:
        return None
    picked = rng.permutation(len(rows))[: MOST_SOURCES // 2]
    rows, columns = rows[picked], columns[picked]
    targets = np.ix_(cells[1], cells[0])
    where = np.nonzero(unknown[targets])
    target_x, target_y = cells[0][where[1]], cells[1][where[0]]
    matches = []
    for number, view in enumerate(views):
        source, target = view[rows, columns], views[0][target_y, target_x]
        distance = (source * source).sum(1) - 2 * target @ source.T + unusual[rows, columns]  # but for the target's length
        distance[labels[target_y, target_x][:, None] != labels[rows, columns]] = np.inf
        best = np.argpartition(distance, VOTES, axis=1)[:, :VOTES]
        good = np.isfinite(np.take_along_axis(distance, best, 1))
        sign = -1 if number else 1
        x, y = columns[best] - sign * target_x[:, None], rows[best] - target_y[:, None]
        matches.append(np.column_stack([np.full(good.sum(), number), x[good], y[good]]))
    votes = np.concatenate(matches)
    if not len(votes):
        return None
    _, first, count = np.unique(votes // (1, 3, 3), axis=0, return_index=True, return_counts=True)
    often = votes[first[np.argsort(-count, kind="stable")[:OFFSETS]]]
    return np.unique(np.concatenate([often, votes[rng.integers(0, len(votes), DRAWN)]]), axis=0)


def _misfits(views, labels, unusual, allowed, cells, offsets) -> np.ndarray:
    """What each offset costs each cell, float32 (offsets, rows, columns)."""
    height, width = labels.shape
    x, y = np.meshgrid(*cells)
    sign = np.where(offsets[:, 0] > 0, -1, 1)[:, None, None]
    source_x, source_y = sign * x + offsets[:, 1, None, None], y + offsets[:, 2, None, None]
    inside = (source_x >= 0) & (source_x < width) & (source_y >= 0) & (source_y < height)
    source_x, source_y = source_x.clip(0, width - 1), source_y.clip(0, height - 1)
    views = np.stack(views)
    gap = views[offsets[:, 0, None, None], source_y, source_x] - views[0][y, x]
    cost = np.einsum("cyxd,cyxd->cyx", gap, gap) + unusual[source_y, source_x]
    inside &= allowed[source_y, source_x] & (labels[source_y, source_x] == labels[y, x])
    return np.where(inside, np.minimum(cost, NOWHERE / 2), NOWHERE).astype(np.float32)


def _agreed(misfit: np.ndarray, care: np.ndarray) -> np.ndarray:
    """One offset for each cell, (rows, columns): little misfit, and most neighbours with the same.

    What is best here and what is best all over are both begun with, since cells that fit many offsets equally (stripes) would
    settle in patches of one each; the better end is taken.
    """
    around = np.stack([cv2.blur(cost, (5, 5)) for cost in misfit])
    worth = AGREEMENT * max(float(np.median(misfit.min(0)[care])), 4.0)
    here = _settled(misfit, worth, (around + 0.2 * misfit).argmin(0))
    all_over = misfit[:, care].mean(1).argmin()
    if misfit[all_over][care].mean() > _cost(misfit, worth, here)[care].mean() + RING.sum() * worth:
        return here  # which nothing that begins there can reach
    ends = [here, _settled(misfit, worth, np.full(care.shape, all_over))]
    return min(ends, key=lambda end: _cost(misfit, worth, end)[care].mean())


def _settled(misfit: np.ndarray, worth: float, chosen: np.ndarray) -> np.ndarray:
    """Iterated conditional modes from ``chosen``; ``worth``: of a neighbour with the same offset."""
    for _ in range(SWEEPS):
        for first_row, first_column in ((0, 0), (0, 1), (1, 0), (1, 1)):  # no two neighbours change at once
            turn = np.s_[first_row::2, first_column::2]
            chosen[turn] = (misfit - worth * _alike(chosen, len(misfit))).argmin(0)[turn]
    return chosen


def _alike(chosen: np.ndarray, number: int) -> np.ndarray:
    """How many neighbours of each cell have each of ``number`` offsets, (number, rows, columns)."""
    same = (chosen == np.arange(number)[:, None, None]).astype(np.float32)
    return np.stack([cv2.filter2D(one, -1, RING, borderType=cv2.BORDER_CONSTANT) for one in same])


def _cost(misfit: np.ndarray, worth: float, chosen: np.ndarray) -> np.ndarray:
    """Of each cell: its misfit less what its neighbours' agreement is worth, half of which is theirs."""
    costs = misfit - worth / 2 * _alike(chosen, len(misfit))
    return np.take_along_axis(costs, chosen[None], 0)[0]
