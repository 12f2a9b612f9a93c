"""Rows of prepared photographs, from what `scfegan prepare` wrote or a Hub dataset of the same columns, and their pictures."""

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

log = logging.getLogger(__name__)
COLUMNS = ("image", "sketch", "color", "regions", "landmarks")
IN_COLOR = {"image": cv2.IMREAD_COLOR, "color": cv2.IMREAD_COLOR}  # of all pictures a row may hold
PICTURES = {**IN_COLOR, "sketch": cv2.IMREAD_GRAYSCALE, "edges": cv2.IMREAD_GRAYSCALE, "regions": cv2.IMREAD_GRAYSCALE}
MAX_TRIES = 50  # rows one after another that cannot be read before a sample is given up


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
        options = dict(data_files={split: files}, split=split, streaming=streaming)
        part = datasets.load_dataset("parquet", **options)  # nosec B615
    else:
        try:
            found = datasets.load_dataset(folder, streaming=streaming)  # nosec B615
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
    """Pictures of a prepared row as arrays (image and color RGB), landmarks in pixels as (98, 2) or (0, 2).

    Raises ValueError for a picture that is none, is cut short or has another size, OSError for one that has vanished.
    """
    found = {}
    for name in PICTURES.keys() & row.keys():
        data = row[name]["bytes"]
        if data is None:
            data = Path(row[name]["path"]).read_bytes()
        # OpenCV fills what is missing of a JPEG with grey.
        whole = not data.startswith(b"\xff\xd8") or b"\xff\xd9" in data[-1024:]
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), PICTURES[name]) if data and whole else None
        if picture is None:
            raise ValueError(f"The column {name!r} of a prepared row is not a picture. Prepare the photographs again.")
        found[name] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if name in IN_COLOR else picture
    size = found["image"].shape[:2]
    for name, array in found.items():
        if array.shape[:2] != size:
            raise ValueError(f"The column {name!r} of a prepared row is not of its photograph's size. Prepare it again.")
    return {**found, "landmarks": np.array(row["landmarks"], np.float32).reshape(-1, 2) * size[0]}


def first_readable(candidates: Iterable[tuple[object, Callable[[], dict]]]) -> tuple[dict[str, np.ndarray], int]:
    """The first row that can be decoded, of (its name, how to fetch it), and how many could not be.

    Each of those is reported once a process as a warning. Raises ValueError after MAX_TRIES of them.
    """
    error: Exception | None = None
    for skipped, (name, fetch) in enumerate(itertools.islice(candidates, MAX_TRIES)):
        try:
            return decode_row(fetch()), skipped
        except (ValueError, OSError) as found:
            error = found
            log.warning("Row %s is left out: %s", name, error)
    raise ValueError(f"{MAX_TRIES} rows one after another could not be read, the last because: {error}") from error


def readable(row: dict | None) -> dict[str, np.ndarray] | None:
    """A decoded row; None of none, or of one that cannot be decoded."""
    try:
        return decode_row(row) if row else None
    except (ValueError, OSError):
        return None
