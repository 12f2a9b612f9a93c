"""How many faces are found, by their size, their turn and their skin, and how many boxes are none: before and after.

    python benchmarks/faces.py DATA [--faces 24] [--threads 1]

DATA holds the sets omi/faces-1024 with attributes.csv, london-lab and portraits-cc0. "before" is OpenCV's frontal Haar cascade
at 640 pixels, which was the detector up to the sixth release. A face is found if the middle of a box lies between its brows
and its chin, and the box is half to twice as large as it. Groups are composed here: 48 portraits side by side on 4000x3000.
"""

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from scfegan_hf.faces.detect import Box, detect_faces
from scfegan_hf.faces.haar import haar_boxes

# Where a face lies in a frame aligned as FFHQ: x0, y0, x1, y1 as parts of it.
ALIGNED = (0.22, 0.28, 0.78, 0.88)
SIZES = (30, 40, 55, 80, 115, 200)
GROUP = (3000, 4000)

Boxes = np.ndarray  # (N, 4) as x0, y0, x1, y1


def corners(boxes: list[Box]) -> Boxes:
    return np.array([(box.x0, box.y0, box.x1, box.y1) for box in boxes], float).reshape(-1, 4)


def haar(photo: np.ndarray) -> Boxes:
    """The detector before."""
    return corners(haar_boxes(photo))


def now(photo: np.ndarray) -> Boxes:
    """The detector now."""
    return corners([face.box for face in detect_faces(photo)])


DETECTORS: dict[str, Callable[[np.ndarray], Boxes]] = {"before": haar, "now": now}


def matches(boxes: Boxes, face: np.ndarray) -> np.ndarray:
    """Which boxes mean the face, bool (N,)."""
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((middles > face[:2]) & (middles < face[2:])).all(1)
    sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(1)) / np.sqrt((face[2:] - face[:2]).prod())
    return inside & (sides > 0.5) & (sides < 2)


def turned(photo: np.ndarray, face: np.ndarray, quarters: int) -> tuple[np.ndarray, np.ndarray]:
    """A photograph turned counter-clockwise, and where its face lies then."""
    for _ in range(quarters):
        x0, y0, x1, y1 = face
        face = np.array([y0, photo.shape[1] - x1, y1, photo.shape[1] - x0])
        photo = np.rot90(photo)
    return np.ascontiguousarray(photo), face


def read(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def omi(data: Path, count: int) -> dict[str, list[tuple[np.ndarray, np.ndarray]]]:
    """The darkest and the lightest skins of the set by people's ratings, and some between; photograph and face."""
    with open(data / "omi" / "attributes.csv", newline="") as file:
        rated = sorted((float(row["skin-color"]), row["stimulus"]) for row in csv.DictReader(file))
    third = len(rated) // 2
    picks = {"first": rated[:count], "between": rated[third : third + count], "last": rated[-count:]}
    face = np.array(ALIGNED) * 1024
    folder = data / "omi" / "faces-1024"
    found = {}
    for name, rows in picks.items():
        photos = [read(folder / f"{int(stimulus):04d}.jpg") for _, stimulus in rows]
        level = np.mean([photo[560:640, 420:600].mean() for photo in photos])
        found[f"{name} (cheeks {level:.0f} of 255)"] = [(photo, face) for photo in photos]
    return found


def london(data: Path, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Studio photographs, the face by its landmarks."""
    found = []
    for path in sorted((data / "london-lab").glob("*-neutral.jpg"))[:count]:
        points = np.loadtxt(path.with_suffix(".csv"), delimiter=",", skiprows=1, usecols=(-2, -1))
        low, high = np.percentile(points, 4, axis=0), np.percentile(points, 96, axis=0)
        found.append((read(path), np.array([*low, *high])))
    return found


def group(portraits: list[tuple[np.ndarray, np.ndarray]], side: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """48 portraits on one large picture, their faces ``side`` pixels wide."""
    canvas = np.full((*GROUP, 3), (120, 130, 140), np.uint8)
    canvas += np.random.default_rng(0).integers(0, 20, canvas.shape, np.uint8)
    faces = []
    for number in range(48):
        photo, face = portraits[number % len(portraits)]
        scale = side / (face[2] - face[0])
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:480, :480]
        x, y = 10 + (number % 8) * 497, 10 + (number // 8) * 497
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
        faces.append(face * scale + (x, y, x, y))
    return canvas, faces


def judged(photos: list[tuple[np.ndarray, list[np.ndarray]]]) -> dict[str, tuple[float, int]]:
    """By detector, the share of faces found and how many boxes are none or second ones."""
    results = {}
    for name, detect in DETECTORS.items():
        found, wrong, faces = 0, 0, 0
        for photo, places in photos:
            boxes = detect(photo)
            taken = np.array([matches(boxes, place) for place in places]).reshape(len(places), len(boxes))
            found += int(taken.any(1).sum())
            faces += len(places)
            wrong += len(boxes) - int(taken.any(1).sum())
        results[name] = found / faces, wrong
    return results


def single(portraits: list[tuple[np.ndarray, np.ndarray]]) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    return [(photo, [face]) for photo, face in portraits]


def row(what: str, results: dict[str, tuple[float, int]]) -> None:
    cells = [f"{share:.0%} | {wrong}" for share, wrong in (results[name] for name in DETECTORS)]
    print(f"| {what} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--faces", type=int, default=24, help="of each set (default 24)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    skins, studio = omi(options.data, options.faces), london(options.data, options.faces)
    print("| faces | found before | wrong before | found now | wrong now |\n|---|---:|---:|---:|---:|")
    for name, portraits in skins.items():
        row(f"omi by skin: {name}", judged(single(portraits)))
    row("london-lab", judged(single(studio)))
    for quarters in (1, 2, 3):
        photos = [turned(photo, face, quarters) for photo, face in studio]
        row(f"london-lab, turned by {90 * quarters}°", judged(single(photos)))
    for side in SIZES:
        row(f"48 of london-lab at 4000x3000, {side} pixels wide", judged([group(studio, side)]))
    paths = sorted((options.data / "portraits-cc0").glob("*.jpg"))
    counts = {name: [len(detect(read(path))) for path in paths[: 4 * options.faces]] for name, detect in DETECTORS.items()}
    print(f"\nOf {len(paths[: 4 * options.faces])} portraits-cc0, one face each (some of them hidden):")
    for name, found in counts.items():
        print(f"- {name}: {found.count(1)} with one box, {found.count(0)} with none, {sum(n > 1 for n in found)} with more")
    photo, _ = group(studio, 115)
    for name, detect in DETECTORS.items():
        began = time.process_time()
        detect(photo)
        print(f"- {name}: {time.process_time() - began:.2f} s of one core for 12 megapixels with 48 faces")
    plain = cv2.resize(studio[0][0], (4000, 3000))
    for name, detect in DETECTORS.items():
        began = time.process_time()
        detect(plain)
        print(f"- {name}: {time.process_time() - began:.2f} s for 12 megapixels with one face")


if __name__ == "__main__":
    main()
