"""Holes without a face in them are filled from their surroundings: a smooth guess, and texture copied patch by patch.

Patches are matched as by Wexler et al. 2007 with the search of Barnes et al. 2009 (PatchMatch), from coarse to fine on a
small copy of the surroundings; the photograph's own fine detail is then copied along the same offsets. Pictures are RGB
(H, W, 3) in [0, 255], holes (H, W) with non-zero = fill.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scfegan_hf.editing.seam import join, membrane

PATCH = 5
SIDE = 176  # of the finest small copy, in pixels
SMOOTH_GUESS = 0.1  # the say of pixels that no patch has spoken of
FADING = 1.3  # by how much a pixel's say sinks with each pixel that it lies deeper in the hole
SURROUNDINGS = 1.0  # on each side of a hole, in its longer sides
LEAST_SURROUNDINGS = 48
# Surroundings that a bent plane explains up to this many levels are plain: their copies could only make steps of them.
PLAIN = 3.0
SOFT_TONE = 0.15  # of the hole's width
SOFT = 12.0  # levels of contrast
FAR = 100.0  # what it costs, in squared levels, to copy from the other end of the surroundings
NEIGHBOURS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def texture_fill(photo: np.ndarray, hole: np.ndarray, avoid: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """The photograph with its hole filled, uint8; equal to ``photo`` outside the hole.

    ``avoid``: bool (H, W), what must not be copied from, such as faces. The same ``seed`` gives the same result.
    """
    x0, y0, x1, y1 = _window(hole)
    view = np.s_[y0:y1, x0:x1]
    near, inside = photo[view], hole[view] > 0
    filled = photo.copy()
    filled[view][inside] = _filled(near, inside, None if avoid is None else avoid[view], seed)[inside]
    return filled


def _window(hole: np.ndarray) -> tuple[int, int, int, int]:
    """The hole's box with surroundings to copy from."""
    height, width = hole.shape
    x, y, w, h = cv2.boundingRect((hole > 0).astype(np.uint8))
    around = max(round(SURROUNDINGS * max(w, h)), LEAST_SURROUNDINGS)
    return max(x - around, 0), max(y - around, 0), min(x + w + around, width), min(y + h + around, height)


def _filled(near: np.ndarray, inside: np.ndarray, avoid: np.ndarray | None, seed: int) -> np.ndarray:
    height, width = inside.shape
    scale = max(max(height, width) / SIDE, 1.0)
    clean = membrane(near.astype(np.float32), ~inside)
    sources = ~inside if avoid is None or not (~inside & ~avoid).any() else ~inside & ~avoid
    size = (max(round(width / scale), PATCH), max(round(height / scale), PATCH))
    small = cv2.resize(clean, size, interpolation=cv2.INTER_AREA)
    small_hole, small_sources = _touched(inside, size), ~_touched(~sources, size)
    tone = _tone(small, small_hole)
    matched = _match(small - tone, small_hole, small_sources, np.random.default_rng(seed))
    if matched is None:
        return np.rint(clean.clip(0, 255)).astype(np.uint8)
    base = _plain(clean, inside, sources)
    if base is None:
        offset = small - tone - matched.said  # known along the border only
        met = tone + matched.picture + membrane(offset, ~small_hole & np.isfinite(offset[..., 0])) * small_hole[..., None]
        base = cv2.resize(met, (width, height), interpolation=cv2.INTER_CUBIC)
    answer = base + _detail(clean, inside, sources, matched)
    return np.rint(join(answer, near, inside, scale).clip(0, 255)).astype(np.uint8)


def _tone(small: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """What is not copied but flows through the hole: of soft surroundings what is wider than a part of the hole, of others
    the tone of the whole place."""
    across = float(np.sqrt(hole.sum()))
    soft = cv2.GaussianBlur(small, (0, 0), SOFT_TONE * across)
    ring = (cv2.dilate(hole.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0) & ~hole
    contrast = np.abs(small - soft)[ring].mean() if ring.any() else 0
    return soft if contrast < SOFT else cv2.GaussianBlur(small, (0, 0), across)


def _touched(marks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Small pixels that hold any of the marked ones."""
    return cv2.resize(marks.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 1e-4


def _plain(clean: np.ndarray, inside: np.ndarray, sources: np.ndarray) -> np.ndarray | None:
    """Surroundings without texture, that is a bent surface at most, flow into the hole; None where there is texture."""
    height, width = inside.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y / height - 0.5, x / width - 0.5
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], -1)
    reach = max(3, round(0.25 * np.sqrt(inside.sum())))
    ring = sources & (cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 3) <= reach)
    if ring.sum() < 60:
        return None
    step = max(1, int(ring.sum()) // 4000)
    a, b = terms[ring][::step], clean[ring][::step]
    weights, *_ = np.linalg.lstsq(a, b, rcond=None)
    surface = terms @ weights
    left = clean - surface
    if np.sqrt(np.mean(cv2.GaussianBlur(left, (0, 0), 1.0)[ring] ** 2)) > PLAIN:
        return None
    blur = max(1.0, reach / 3)  # noise of single pixels at the border would run into the hole as streaks
    share = cv2.GaussianBlur(ring.astype(np.float32), (0, 0), blur)
    smooth = cv2.GaussianBlur(left * ring[..., None], (0, 0), blur) / np.maximum(share, 1e-3)[..., None]
    return membrane((surface + smooth).astype(np.float32), ring)  # a surface alone runs wild beyond what it was fitted to


@dataclass(frozen=True)
class _Matched:
    """A filled small picture, float32 (h, w, 3); for each of its pixels the row and column it was taken from; and what the
    patches say, over the hole and a little around it, NaN elsewhere."""

    picture: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    said: np.ndarray


def _match(small: np.ndarray, hole: np.ndarray, sources: np.ndarray, rng: np.random.Generator) -> _Matched | None:
    """None where there is no whole patch to copy."""
    matched = None
    for size in _sizes(hole):
        level = small if size == hole.shape[::-1] else cv2.resize(small, size, interpolation=cv2.INTER_AREA)
        here = _Level.of(level, _touched(hole, size), ~_touched(~sources, size))
        if here is not None:
            matched = here.settled(matched, rng)
    return matched if matched is not None and matched.picture.shape == small.shape else None


def _sizes(hole: np.ndarray) -> list[tuple[int, int]]:
    """Widths and heights from coarse to fine; at the coarsest a patch or two reach across the hole."""
    height, width = hole.shape
    thick = 2 * cv2.distanceTransform(np.pad(hole.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 3).max()
    sizes = [(width, height)]
    while thick > 3 * PATCH and min(sizes[0]) >= 6 * PATCH:
        thick /= 2
        sizes.insert(0, (sizes[0][0] // 2, sizes[0][1] // 2))
    return sizes


@dataclass
class _Level:
    """One size of the picture: what is to be matched and where to."""

    picture: np.ndarray  # (h, w, 3) float32
    hole: np.ndarray  # (h, w) bool
    centres: np.ndarray  # (h, w) bool: centres of patches that may be copied
    depth: np.ndarray  # (h, w) distance from what is known
    said: np.ndarray | None = None  # (h, w, 3), after a vote

    @classmethod
    def of(cls, picture: np.ndarray, hole: np.ndarray, sources: np.ndarray) -> "_Level | None":
        whole = cv2.erode((sources & ~hole).astype(np.uint8), np.ones((PATCH, PATCH), np.uint8))  # the border repeats
        if not whole.any() or not hole.any():
            return None
        depth = cv2.distanceTransform(np.pad(hole.astype(np.uint8), 1, mode="edge"), cv2.DIST_L2, 3)[1:-1, 1:-1]
        return cls(picture.copy(), hole, whole > 0, depth)

    def settled(self, coarser: _Matched | None, rng: np.random.Generator) -> _Matched:
        """Patches matched and their colours voted on, several times."""
        height, width = self.hole.shape
        targets = np.nonzero(cv2.dilate(self.hole.astype(np.uint8), np.ones((PATCH, PATCH), np.uint8)))
        place = np.full((height, width), -1)
        place[targets] = np.arange(len(targets[0]))
        rows, cols = self._start(coarser, targets, np.argwhere(self.centres), rng)
        source_patches = _patches(self.picture)
        if coarser is not None:
            self._vote(targets, rows, cols, np.zeros(len(rows)), _patches(FADING ** -self.depth[..., None])[targets])
        layers = int(np.ceil(self.depth.max())) if coarser is None else 0
        for turn in range(layers + (4 if coarser is None else 2)):
            trust = FADING**-self.depth
            if turn < layers:  # from the border inwards: what no patch has spoken of yet is not compared
                trust[self.depth > turn] = SMOOTH_GUESS
            wanted, weights = _patches(self.picture)[targets], _patches(trust[..., None])[targets]
            rows, cols, cost = self._search(targets, place, rows, cols, wanted, weights, source_patches, rng)
            self._vote(targets, rows, cols, cost, weights)
        own = np.mgrid[:height, :width]
        own[0][targets], own[1][targets] = rows, cols
        return _Matched(self.picture, own[0], own[1], self.said)

    def _start(self, coarser, targets, candidates, rng) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns to copy from: the coarser level's, else any."""
        height, width = self.hole.shape
        chance = candidates[rng.integers(len(candidates), size=len(targets[0]))]
        if coarser is None:
            return chance[:, 0], chance[:, 1]
        old_height, old_width = coarser.rows.shape
        up, along = height / old_height, width / old_width
        y = np.minimum((targets[0] / up).astype(int), old_height - 1)
        x = np.minimum((targets[1] / along).astype(int), old_width - 1)
        rows = np.rint(targets[0] + (coarser.rows[y, x] - y) * up).astype(int).clip(0, height - 1)
        cols = np.rint(targets[1] + (coarser.cols[y, x] - x) * along).astype(int).clip(0, width - 1)
        allowed = self.centres[rows, cols]
        enlarged = cv2.resize(coarser.picture, (width, height), interpolation=cv2.INTER_LINEAR)
        self.picture[self.hole] = enlarged[self.hole]
        return np.where(allowed, rows, chance[:, 0]), np.where(allowed, cols, chance[:, 1])

    def _search(self, targets, place, rows, cols, wanted, weights, patches, rng):
        """Better patches by what the neighbours have and by chance, nearer and nearer."""
        height, width = self.hole.shape
        weights = np.tile(weights / np.maximum(weights.sum(1, keepdims=True), 1e-6), 3)

        def difference(r, c, which):
            apart = wanted[which] - patches[r, c]
            far = (r - targets[0][which]) ** 2 + (c - targets[1][which]) ** 2
            return np.einsum("ij,ij,ij->i", apart, apart, weights[which]) + FAR * far / (height * width)

        cost = difference(rows, cols, slice(None))

        def take(r, c):
            nonlocal rows, cols, cost
            allowed = np.flatnonzero(self.centres[r, c] & ((r != rows) | (c != cols)))
            differences = difference(r[allowed], c[allowed], allowed)
            better = differences < cost[allowed]
            which = allowed[better]
            rows[which], cols[which], cost[which] = r[which], c[which], differences[better]

        for jump in (4, 1, 1):
            for down, right in NEIGHBOURS:
                y, x = targets[0] + down * jump, targets[1] + right * jump
                known = (y >= 0) & (y < height) & (x >= 0) & (x < width)
                beside = np.where(known, place[y.clip(0, height - 1), x.clip(0, width - 1)], -1)
                beside = np.where(beside >= 0, beside, np.arange(len(rows)))
                r = (rows[beside] + targets[0] - targets[0][beside]).clip(0, height - 1)
                c = (cols[beside] + targets[1] - targets[1][beside]).clip(0, width - 1)
                take(r, c)
        radius = max(height, width)
        while radius >= 2:
            r = (rows + rng.integers(-radius, radius + 1, len(rows))).clip(0, height - 1)
            c = (cols + rng.integers(-radius, radius + 1, len(cols))).clip(0, width - 1)
            take(r, c)
            radius //= 2
        return rows, cols, cost

    def _vote(self, targets, rows, cols, cost, weights) -> None:
        """Each pixel of the hole becomes the mean of what the patches over it say; good and certain ones say more."""
        height, width = self.hole.shape
        sums, total = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
        certain = weights.mean(1)
        spread = max(float(np.percentile(cost[certain > 0], 50)), 0.5)
        say = (np.exp(-cost / spread).clip(1e-4) * certain**4).astype(np.float32)
        margin = PATCH // 2
        for down in range(-margin, margin + 1):
            for right in range(-margin, margin + 1):
                y, x = targets[0] + down, targets[1] + right
                within = (y >= 0) & (y < height) & (x >= 0) & (x < width)
                y, x = y[within], x[within]
                weight = say[within]
                from_y, from_x = (rows[within] + down).clip(0, height - 1), (cols[within] + right).clip(0, width - 1)
                sums[y, x] += self.picture[from_y, from_x] * weight[:, None]
                total[y, x] += weight
        self.said = np.where((total > 0)[..., None], sums / np.maximum(total, 1e-12)[..., None], np.nan)
        heard = self.hole & (total > 0)
        self.picture[heard] = sums[heard] / total[heard][:, None]


def _patches(picture: np.ndarray) -> np.ndarray:
    """Of every pixel of (h, w, C), (h, w, C * PATCH * PATCH); the border repeats."""
    margin = PATCH // 2
    padded = cv2.copyMakeBorder(picture.astype(np.float32), *[margin] * 4, cv2.BORDER_REPLICATE)
    padded = padded.reshape(*padded.shape[:2], -1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))
    return windows.reshape(*picture.shape[:2], -1)


def _detail(clean: np.ndarray, inside: np.ndarray, sources: np.ndarray, matched: _Matched) -> np.ndarray:
    """What the small picture cannot hold, copied along the patches' offsets; zero outside the hole."""
    height, width = inside.shape
    rows, cols = matched.rows.shape
    small = cv2.resize(clean, (cols, rows), interpolation=cv2.INTER_AREA)
    fine = clean - cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    result = np.zeros_like(fine)
    y, x = np.nonzero(inside)
    up, along = height / rows, width / cols
    sy, sx = np.minimum((y / up).astype(int), rows - 1), np.minimum((x / along).astype(int), cols - 1)
    from_y = np.rint(y + (matched.rows[sy, sx] - sy) * up).astype(int).clip(0, height - 1)
    from_x = np.rint(x + (matched.cols[sy, sx] - sx) * along).astype(int).clip(0, width - 1)
    allowed = sources[from_y, from_x]
    result[y[allowed], x[allowed]] = fine[from_y[allowed], from_x[allowed]]
    return result
