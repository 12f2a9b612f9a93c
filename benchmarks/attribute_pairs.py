"""Pairs of faces that differ by a known step of smile, age or features, for `train_accelerate.py stargan`.

    python benchmarks/attribute_pairs.py OUT --variations OMI/variations-128 --london LONDON

VARIATIONS: pictures ID_ATTRIBUTE_LEVEL.jpg at levels 0, 1, 2 of One Million Impressions, FFHQ frames. LONDON: what `scfegan
prepare` made of pictures PERSON-neutral and PERSON-smiling. Writes OUT/data/{train,validation}-00000.parquet with the columns
image, target, smile, age, features; numbers that end in 0 are for validation.
"""

import argparse
import io
from collections import defaultdict
from pathlib import Path

import cv2
import datasets
import numpy as np
from PIL import Image

from scfegan_hf.data.rows import decode_row, load_rows
from scfegan_hf.models.stargan import ATTRIBUTES

FOLDERS = {"outgoing": "smile", "age": "age", "gender": "features"}
STEADY = [*range(60, 76), 51, 52, 53, 54]  # landmarks of eyes and the bridge of the nose
SIDE = 320  # pixels of London's pictures


def row(first: bytes, second: bytes, **changes: float) -> dict:
    return {"image": first, "target": second} | {name: float(changes.get(name, 0)) for name in ATTRIBUTES}


def split_of(person: str) -> str:
    return "validation" if int(person) % 10 == 0 else "train"


def variations(folder: Path) -> dict[str, list[dict]]:
    rows = defaultdict(list)
    for path in sorted(folder.glob("*_0.jpg")):
        person, attribute, _ = path.stem.split("_")
        if attribute not in FOLDERS:
            continue
        levels = [path.with_name(f"{person}_{attribute}_{level}.jpg").read_bytes() for level in range(3)]
        for low, high in ((0, 1), (1, 2), (0, 2)):
            step = {FOLDERS[attribute]: (high - low) / 2}
            rows[split_of(person)].append(row(levels[low], levels[high], **step))
    return rows


def london(folder: str) -> dict[str, list[dict]]:
    """Smiling faces laid onto the neutral ones by eyes and nose, which a smile does not move."""
    rows, people = defaultdict(list), defaultdict(dict)
    for raw in load_rows([folder], "train", columns=("name", "image", "landmarks")):
        person, mood = Path(raw["name"]).stem.split("-")
        people[person][mood] = decode_row(raw)
    for person, pair in people.items():
        side = len(pair["neutral"]["image"])
        points = [np.float32(pair[mood]["landmarks"]).reshape(-1, 2) * side for mood in ("smiling", "neutral")]
        matrix, _ = cv2.estimateAffinePartial2D(*(part[STEADY] for part in points), method=cv2.LMEDS)
        how = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}
        smiling = cv2.warpAffine(pair["smiling"]["image"], matrix, (side, side), **how)
        rows[split_of(person)].append(row(encoded(pair["neutral"]["image"]), encoded(smiling), smile=1))
    return rows


def encoded(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--variations", type=Path)
    parser.add_argument("--london")
    options = parser.parse_args()
    parts = [variations(options.variations)] if options.variations else []
    parts += [london(options.london)] if options.london else []
    picture, number = datasets.Image(), datasets.Value("float32")
    features = datasets.Features({"image": picture, "target": picture} | dict.fromkeys(ATTRIBUTES, number))
    for split in ("train", "validation"):
        rows = [each for part in parts for each in part[split]]
        for each in rows:
            each |= {name: {"bytes": each[name], "path": None} for name in ("image", "target")}
        table = datasets.Dataset.from_list(rows, features=features)
        (options.out / "data").mkdir(parents=True, exist_ok=True)
        table.to_parquet(options.out / "data" / f"{split}-00000.parquet")
        print(split, len(rows), "pairs")


if __name__ == "__main__":
    main()
