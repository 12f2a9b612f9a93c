"""Prepared faces made smaller and cut into pieces, for a machine to which only so many megabytes go at once.

    python examples/pack_faces.py PREPARED [PREPARED ...] --out PIECES [--size 384] [--megabytes 48]

writes PIECES/00, PIECES/01, ..., each a folder as `scfegan prepare` writes it; the first has the validation faces too. Carry as
many as fit, and train there with --train_data_dir PIECES/00 PIECES/01 ...; drawn lines stay as thin as they are.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2

from scfegan_hf.data.pictures import resize_lines
from scfegan_hf.data.prepare.folder import PICTURE, write_rows
from scfegan_hf.data.rows import load_rows
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.files import replacing

COLUMNS = {"image": PICTURE, "sketch": PICTURE, "color": PICTURE, "regions": PICTURE, "landmarks": ["float32"]}
JPEG_QUALITY = 92
SHARD = 64  # rows to a file


def shrunk(row: dict, size: int) -> dict:
    """A row with pictures of ``size`` pixels, encoded again; larger than they are they do not become."""
    pictures = decode_face(row)
    target = (min(size, pictures["image"].shape[0]),) * 2
    image = cv2.resize(pictures["image"], target, interpolation=cv2.INTER_AREA)
    flat = {name: cv2.resize(pictures[name], target, interpolation=cv2.INTER_NEAREST) for name in ("color", "regions")}
    made = {"image": cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]}
    for name, picture in {**flat, "sketch": resize_lines(pictures["sketch"], target)}.items():
        made[name] = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)[1]
    return {name: data.tobytes() for name, data in made.items()} | {"landmarks": row["landmarks"]}


def shards(folders: list[str], split: str, size: int) -> Iterator[list[dict]]:
    """The rows of a split, SHARD at a time."""
    rows = load_rows(folders, split)
    for start in range(0, len(rows), SHARD):
        numbers = range(start, min(start + SHARD, len(rows)))
        yield [{"name": f"{split}-{number:06d}", **shrunk(rows[number], size)} for number in numbers]


def pack(folders: list[str], out: Path, size: int, megabytes: float) -> list[Path]:
    """Write the pieces, each to the last shard with which it has no more than ``megabytes``; returns their folders."""
    pieces, spent, has_train = [out / "00"], 0, False
    for split in ("validation", "train"):
        for number, rows in enumerate(shards(folders, split, size)):
            weight = sum(len(data) for row in rows for data in row.values() if isinstance(data, bytes))
            if has_train and spent + weight > megabytes * 1e6:  # every piece has something to train with
                pieces, spent = [*pieces, out / f"{len(pieces):02d}"], 0
            file = pieces[-1] / "data" / f"{split}-{number:05d}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            with replacing(file) as partial:
                write_rows(partial, rows, COLUMNS)
            spent, has_train = spent + weight, split == "train"
    return pieces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--megabytes", type=float, default=48.0)
    options = parser.parse_args()
    for piece in pack(options.data, options.out, options.size, options.megabytes):
        print(piece, f"{sum(file.stat().st_size for file in piece.rglob('*.parquet')) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
