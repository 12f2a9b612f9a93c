"""Rows of pictures: from what `scfegan prepare` wrote, a Hub dataset of the same columns, or a plain folder of pictures."""

import itertools
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from scfegan_hf.formats import load, open_picture

log = logging.getLogger(__name__)
COLUMNS = ("image", "sketch", "color", "regions", "landmarks")
GREY = ("sketch", "edges", "regions")  # columns whose pictures have one channel; all others are RGB
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")  # of pictures in a plain folder
HELD_OUT = 10  # every tenth picture of a plain folder is for validation
MAX_TRIES = 50  # rows one after another that cannot be read before a sample is given up


def load_rows(folders: Sequence[str], split: str, streaming: bool = False, columns: Sequence[str] = COLUMNS):
    """One `datasets.Dataset` (`IterableDataset` if ``streaming``) of the ``columns`` of rows, pictures as bytes or paths,
    from folders and Hub names.

    A plain folder of pictures has the column "image", "label" where its pictures lie in folders by class, and what columns
    its metadata.jsonl adds, other pictures included ("target_file_name" becomes "target"). It has a validation split of its
    own where there is a folder of that name; else every tenth picture is held out. All must have a "train" split; of other
    splits, what there is is joined. Raises FileNotFoundError or ValueError that name the folder and what it lacks.
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
        if files:
            options = dict(data_files={split: files}, split=split, streaming=streaming)
            part = datasets.load_dataset("parquet", **options)  # nosec B615
        elif any(path.suffix.lower() in SUFFIXES for path in Path(folder).rglob("*")):
            part = _plain(folder, split, streaming)
        else:
            return None
    else:
        try:
            splits = datasets.load_dataset(folder, streaming=streaming)  # nosec B615
        except (ConnectionError, FileNotFoundError) as error:
            raise FileNotFoundError(f"{folder!r} is neither a folder nor a Hub dataset that can be read ({error}).") from error
        if split not in splits:
            return None
        part = splits[split]
    missing = [column for column in columns if column not in part.features]
    if missing:
        raise ValueError(f"{folder} lacks the columns {', '.join(missing)}. Prepare it with `scfegan prepare`.")
    return _undecoded(part.select_columns(list(columns)))


def _undecoded(part):
    """The same rows with pictures as they are stored."""
    import datasets

    for column, feature in part.features.items():
        if isinstance(feature, datasets.Image) or column in ("image", "color", *GREY):
            part = part.cast_column(column, datasets.Image(decode=False))
    return part


def _plain(folder: str, split: str, streaming: bool):
    """The pictures of a folder, in the order of their names."""
    import datasets

    splits = datasets.load_dataset("imagefolder", data_dir=str(Path(folder).resolve()), streaming=streaming)  # nosec B615
    if "validation" in splits:
        return splits[split]
    rows = _undecoded(splits["train"])
    return rows.filter(lambda _, number: held_out(number) == (split == "validation"), with_indices=True)


def held_out(number: int) -> bool:
    """Whether the picture of this number is for validation, where nothing else says so."""
    return number % HELD_OUT == 0


def decode_row(row: dict) -> dict[str, np.ndarray]:
    """A row with its pictures as uint8 arrays (H, W, 3), those of GREY (H, W), and all else as it is.

    Raises ValueError for a picture that is none or is cut short, OSError for one that has vanished.
    """
    return {name: decode_picture(value, name) if _is_picture(value) else value for name, value in row.items()}


def _is_picture(value) -> bool:
    return isinstance(value, dict) and value.keys() == {"bytes", "path"}


def decode_picture(encoded: dict, column: str) -> np.ndarray:
    """A picture of a row, as `datasets` hands it over undecoded: its bytes, or the path of a file."""
    data = encoded["bytes"]
    if data is None:
        data = Path(encoded["path"]).read_bytes()
    with open_picture(data, f"column {column!r} of a row") as image:
        return np.array(load(image, f"column {column!r} of a row").convert("L" if column in GREY else "RGB"))


def first_readable(candidates: Iterable[tuple[object, Callable[[], dict]]], decode=decode_row) -> tuple[dict, int]:
    """The first row that can be decoded, of (its name, how to fetch it), and how many could not be.

    Each of those is reported once a process as a warning. Raises ValueError after MAX_TRIES of them.
    """
    error: Exception | None = None
    for skipped, (name, fetch) in enumerate(itertools.islice(candidates, MAX_TRIES)):
        try:
            return decode(fetch()), skipped
        except (ValueError, OSError) as raised:
            error = raised
            log.warning("Row %s is left out: %s", name, error)
    raise ValueError(f"{MAX_TRIES} rows one after another could not be read, the last because: {error}") from error
