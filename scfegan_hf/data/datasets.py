"""Training samples from prepared photographs: a crop, a hole in it, and what a user might draw there.

Reads what `scfegan prepare` wrote, or a Hub dataset of the same columns. A sample is a function of (seed, n) alone.
Crops reach from the whole face to an eye, and lie around holes as the pipeline lays them, so that training sees what
editing will show.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset, Sampler

from scfegan_hf.conditioning import context_square
from scfegan_hf.data import drawing, masks
from scfegan_hf.data.faces import REGIONS

COLUMNS = ("image", "sketch", "color", "regions", "landmarks")
IN_COLOR = {"image": cv2.IMREAD_COLOR, "color": cv2.IMREAD_COLOR}  # of all pictures a row may hold
PICTURES = {**IN_COLOR, "sketch": cv2.IMREAD_GRAYSCALE, "edges": cv2.IMREAD_GRAYSCALE, "regions": cv2.IMREAD_GRAYSCALE}
# Shares of the kinds of holes. Ours: the paper has free-form strokes with eye positions and hair only.
HOLES = {"feature": 0.45, "free_form": 0.43, "hair": 0.12}
HAIR_TOO = 0.1  # share of free-form holes to which all hair is added (Algorithm 2, line 22)


def load_rows(folders: Sequence[str], split: str, streaming: bool = False, columns: Sequence[str] = COLUMNS):
    """One `datasets.Dataset` (`IterableDataset` if ``streaming``) of the ``columns`` of prepared rows, pictures as bytes,
    from folders and Hub names.

    All must have a "train" split; of other splits, what there is is joined. Raises FileNotFoundError or ValueError that
    name the folder and what it lacks.
    """
    import datasets

    parts = [_load_part(folder, split, streaming, columns) for folder in folders]
    lacking = [folder for folder, part in zip(folders, parts, strict=True) if part is None]
    if lacking and (split == "train" or len(lacking) == len(parts)):
        raise FileNotFoundError(f"{lacking[0]} has no prepared {split} data. Run `scfegan prepare PHOTOS {lacking[0]}` first.")
    return datasets.concatenate_datasets([part for part in parts if part is not None])


def _load_part(folder: str, split: str, streaming: bool, columns: Sequence[str]):
    """The rows of one folder or Hub dataset; None if it has no such split."""
    import datasets

    if Path(folder).is_dir():
        files = sorted(str(path) for path in Path(folder, "data").glob(f"{split}-*.parquet"))
        if not files:
            return None
        part = datasets.load_dataset("parquet", data_files={split: files}, split=split, streaming=streaming)
    else:
        try:
            found = datasets.load_dataset(folder, streaming=streaming)
        except (ConnectionError, FileNotFoundError) as error:
            raise FileNotFoundError(f"{folder!r} is neither a folder nor a Hub dataset that can be read ({error}).") from error
        if split not in found:
            return None
        part = found[split]
    missing = [column for column in columns if column not in part.features]
    if missing:
        raise ValueError(f"{folder} lacks the columns {', '.join(missing)}. Prepare it with `scfegan prepare`.")
    for column in PICTURES.keys() & set(columns):
        part = part.cast_column(column, datasets.Image(decode=False))
    return part.select_columns(list(columns))


def decode_row(row: dict) -> dict[str, np.ndarray]:
    """Pictures of a prepared row as arrays (image and color RGB), landmarks in pixels as (98, 2) or (0, 2)."""
    found = {}
    for name in PICTURES.keys() & row.keys():
        picture = cv2.imdecode(np.frombuffer(row[name]["bytes"], np.uint8), PICTURES[name])
        if picture is None:
            raise ValueError(f"The column {name!r} of a prepared row is not a picture. Prepare the photographs again.")
        found[name] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if name in IN_COLOR else picture
    found["landmarks"] = np.array(row["landmarks"], np.float32).reshape(-1, 2) * found["image"].shape[0]
    return found


class RowOrder:
    """Which row the n-th sample is made of: every pass has an order of its own; without a seed rows keep theirs."""

    def __init__(self, rows: int, seed: int | None):
        self.rows, self.seed = rows, seed
        self._order: tuple[int, np.ndarray] | None = None

    def __call__(self, n: int) -> int:
        epoch, position = divmod(n, self.rows)
        if self.seed is None:
            return position
        if self._order is None or self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng((self.seed, 0, epoch)).permutation(self.rows))
        return int(self._order[1][position])


class EditSamples(Dataset):
    """Endless stream of samples; ``self[n]`` is the n-th.

    Each is a dict: image (3, R, R) and color in [-1, 1], mask, sketch, color_mask (1, R, R) in {0, 1}, noise (1, R, R)
    normal, mix () uniform in [0, 1] for penalties. Validation neither flips nor jitters.
    """

    def __init__(self, rows, resolution: int, seed: int, train: bool = True):
        self.rows, self.resolution, self.seed, self.train = rows, resolution, seed, train
        self.row_number = RowOrder(len(rows), seed if train else None)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, n: int) -> dict[str, torch.Tensor]:
        return sample_of(self.rows[self.row_number(n)], n, self.resolution, self.seed, self.train)


class StreamedSamples(IterableDataset):
    """The same kind of samples from rows that are never stored, in the order in which they arrive.

    Rows are shuffled through a buffer, anew in every pass. Call `take` before iterating. Every process reads the whole
    stream and decodes its own share, so that numbering and resuming stay those of `EditSamples`. It does so itself:
    among sample workers `datasets` would deal out the stream's files, and numbers would depend on their count.
    """

    def __init__(self, rows, resolution: int, seed: int, buffer: int = 1000):
        super().__init__()
        self.rows, self.resolution, self.seed, self.buffer = rows, resolution, seed, buffer
        self.batches: Iterable[list[int]] = ()

    def take(self, batches: Iterable[list[int]]) -> None:
        """Which samples to yield: a StepSampler."""
        self.batches = batches

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        rows = enumerate(self._endless())
        for n in itertools.chain.from_iterable(self.batches):
            yield sample_of(next(row for number, row in rows if number == n), n, self.resolution, self.seed)

    def _endless(self) -> Iterator[dict]:
        for epoch in itertools.count():
            empty = True
            for row in self.rows.shuffle(seed=self.seed + epoch, buffer_size=self.buffer):
                empty = False
                yield row
            if empty:
                raise ValueError("The stream holds no rows.")


def sample_of(row: dict, n: int, resolution: int, seed: int, augment: bool = True) -> dict[str, torch.Tensor]:
    """The n-th sample, from an encoded row."""
    rng = np.random.default_rng((seed, 1, n))
    sample = to_tensors(**make_sample(decode_row(row), resolution, rng, augment))
    sample["noise"] = torch.from_numpy(rng.standard_normal((1, resolution, resolution), dtype=np.float32))
    sample["mix"] = torch.tensor(rng.random(), dtype=torch.float32)
    return sample


def make_sample(row: dict[str, np.ndarray], resolution: int, rng: np.random.Generator, augment: bool = True) -> dict:
    """Crop, hole and drawing as uint8 arrays of ``resolution``: image, mask, sketch, color, color_mask."""
    size, points = row["image"].shape[0], row["landmarks"]
    kinds = [kind for kind in HOLES if len(points) or kind != "feature"]
    weights = np.array([HOLES[kind] for kind in kinds])
    kind = kinds[rng.choice(len(kinds), p=weights / weights.sum())]
    if kind == "free_form":
        side = int(size * rng.uniform(0.25, 1.0))
        square = _random_square(size, side, points, rng)
        mask = None
    else:
        whole = masks.feature(size, points, rng) if kind == "feature" else masks.hair(row["regions"], rng)
        square = _square_around(whole, rng)
        mask = whole
    x0, y0, x1, y1 = square

    def cut(name: str) -> np.ndarray:
        return np.ascontiguousarray(row[name][y0:y1, x0:x1])

    target = (resolution, resolution)
    image = cv2.resize(cut("image"), target, interpolation=cv2.INTER_AREA if x1 - x0 > resolution else cv2.INTER_CUBIC)
    regions = cv2.resize(cut("regions"), target, interpolation=cv2.INTER_NEAREST)
    region_colors = cv2.resize(cut("color"), target, interpolation=cv2.INTER_NEAREST)
    strength = drawing.resize_lines(cut("sketch"), target)
    if mask is None:
        eyes = (drawing.eye_points(points) - (x0, y0)) * (resolution / (x1 - x0))
        eyes = eyes[((eyes >= 0) & (eyes < resolution)).all(1)]
        mask = masks.free_form(resolution, rng, eyes)
        if rng.random() < HAIR_TOO:
            mask = masks.valid(mask | (regions == REGIONS.index("hair")).astype(np.uint8), rng)
    else:
        mask = cv2.resize(mask[y0:y1, x0:x1], target, interpolation=cv2.INTER_NEAREST)
        mask = masks.valid(mask, rng)
    if augment:
        lookup = tone_curve(rng)
        image, region_colors = apply_tone(lookup, image), apply_tone(lookup, region_colors)
    sketch = drawing.simulate_sketch(strength, rng)
    color, color_mask = drawing.simulate_color(image, regions, region_colors, mask, rng)
    sample = {"image": image, "mask": mask, "sketch": sketch, "color": color, "color_mask": color_mask}
    if augment and rng.random() < 0.5:
        sample = {name: np.ascontiguousarray(array[:, ::-1]) for name, array in sample.items()}
    return sample


def to_tensors(image, mask, sketch, color, color_mask) -> dict[str, torch.Tensor]:
    """uint8 arrays (HxWx3 or HxW) to float tensors (C, H, W): pictures to [-1, 1], the rest stays 0 and 1."""

    def picture(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1), np.float32) / 127.5 - 1)

    def flag(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array[None].astype(np.float32))

    return {
        "image": picture(image),
        "mask": flag(mask),
        "sketch": flag(sketch),
        "color": picture(color),
        "color_mask": flag(color_mask),
    }


def _square_around(mask: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    size = mask.shape[0]
    x0, y0, x1, y1 = masks.bounds(mask)
    shift = rng.uniform(-0.15, 0.15, 2) * max(x1 - x0, y1 - y0)
    box = (int(x0 + shift[0]), int(y0 + shift[1]), int(x1 + shift[0]), int(y1 + shift[1]))
    return context_square(box, size, size, rng.uniform(1.3, 3.2), size // 5)


def _random_square(size: int, side: int, points: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Anywhere, or (half the time) around a landmark, since faces are what is edited."""
    corner = rng.uniform(0, size - side, 2)
    if len(points) and rng.random() < 0.5:
        corner = np.clip(points[rng.integers(len(points))] - side / 2, 0, size - side)
    x0, y0 = (int(v) for v in corner)
    return x0, y0, x0 + side, y0 + side


def tone_curve(rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A change of brightness, contrast and white balance, mild at ``strength`` 1, as a table of 256 x 3."""
    level = np.arange(256, dtype=np.float32)[:, None] / 255
    gamma, contrast = np.exp(rng.normal(0, 0.12 * strength)), np.exp(rng.normal(0, 0.08 * strength))
    balance = np.exp(rng.normal(0, 0.05 * strength, 3))
    return np.clip(((level**gamma - 0.5) * contrast + 0.5) * balance * 255, 0, 255).astype(np.uint8)


def apply_tone(table: np.ndarray, image: np.ndarray) -> np.ndarray:
    """A picture through a table of 256 x 3."""
    return cv2.LUT(image, table[None])


class StepSampler(Sampler):
    """Sample numbers of one process, batch by batch, from ``first_step`` on: a checkpoint needs no sampler state.

    Step s of the whole run takes samples s*B .. s*B + B-1, of which process r of P takes the r-th slice of B/P.
    """

    def __init__(self, first_step: int, last_step: int, batch_size: int, process: int, processes: int):
        self.first_step, self.last_step, self.batch_size = first_step, last_step, batch_size
        self.process, self.processes = process, processes

    def __len__(self) -> int:
        return max(self.last_step - self.first_step, 0)

    def __iter__(self) -> Iterator[list[int]]:
        whole = self.batch_size * self.processes
        for step in range(self.first_step, self.last_step):
            start = step * whole + self.process * self.batch_size
            yield list(range(start, start + self.batch_size))
