"""Faces that were drawn on in a hurry, with and without asking what is meant, side by side.

    python benchmarks/drafts.py PREPARED --lpips-weights ALEXNET [--faces 24] [--side 512] [--sheet SHEET.png]

PREPARED: faces of a set that neither the editing network nor the one that reads drawings has seen. Eyes, nose, mouth and the
lower half of each face are erased and drawn as training draws (editing/drawn), lines and dabs misplaced by a random part of a
face's width. PSNR and LPIPS (AlexNet) over the hole, to what was there; F1 of the lines that were drawn, where they lay,
within 3 pixels; and the median of an edit's seconds, both answers in turn,
the face being found before.
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from completion import Judge, faces
from PIL import Image

from scfegan_hf import FaceEditPipeline
from scfegan_hf.editing.drawn import drafts, masks, painting
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.landmarks import CONTOUR

KINDS = ("both eyes", "nose", "mouth", "lower half")
NEAR = 3  # pixels
OFF = 18.0  # levels by which dabs are off


def hole_of(kind: str, side: int, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """bool (side, side)."""
    if kind != "lower half":
        return masks.feature(side, points, rng, kind) > 0
    hole = np.zeros((side, side), np.uint8)
    jaw = points[CONTOUR][4:29]
    middle = jaw.mean(0)
    cv2.fillPoly(hole, [np.round(middle + 1.08 * (jaw - middle)).astype(np.int32)], 1)
    return hole > 0


def drawing(photo: np.ndarray, points: np.ndarray, hole: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Lines bool, colours, and where they are: of eyes, nose, mouth and brows in the hole."""
    lines = painting.draw_features(photo, points, rng, often=1.0)
    color, painted = painting.paint_features(photo, points, hole.astype(np.uint8), rng, off=OFF, often=0.8, whitened=0.5)
    drawn = drafts.misplaced([cv2.dilate(lines, np.ones((2, 2), np.uint8)) > 0, color, painted > 0], hole, rng)
    return [layer & hole if layer.dtype == bool else layer for layer in drawn]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--lpips-weights", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=24)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    judge, figures, seconds, rows = Judge(options.lpips_weights), defaultdict(list), defaultdict(list), []
    pipe, side = FaceEditPipeline.from_pretrained(), options.side
    pipe.read_all()
    for number, (picture, points) in enumerate(faces(options.data, "train", options.faces)):
        photo = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        points = points * (side / picture.shape[0])
        kind, rng = KINDS[number % len(KINDS)], np.random.default_rng(number)
        hole = hole_of(kind, side, points, rng)
        lines, color, painted = drawing(photo, points, hole, rng)
        layers = {"sketch": lines, "color": np.dstack([color, painted.astype(np.uint8) * 255])}
        answers = []
        looks().frames(photo)  # found once a photograph, whatever is edited in it
        for name, guess in (("to the letter", False), ("what is meant", True)):
            if not number:
                pipe(photo, hole, **layers, guess=guess)  # the first edit of all warms up
            began = time.perf_counter()
            answers.append(np.asarray(pipe(photo, hole, **layers, guess=guess).image.convert("RGB")))
            seconds[name].append(time.perf_counter() - began)
            figures[kind, name].append((*judge(answers[-1], photo, hole), followed(pipe, answers[-1], lines, hole)))
        rows.append(np.hstack([photo, shown(photo, hole, *layers.values()), *answers]))
    print("| hole | answer | PSNR dB | LPIPS | F1 of the lines |\n|---|---|---:|---:|---:|")
    for (hole, name), values in sorted(figures.items()):
        psnr, apart, f1 = np.mean(values, 0)
        print(f"| {hole} | {name} | {psnr:.2f} | {apart:.3f} | {f1:.2f} |")
    for name, each in seconds.items():
        print(f"{name}: {np.median(each):.2f} s an edit of {side} pixels")
    if options.sheet:
        half = (len(rows) + 1) // 2
        columns = [np.vstack(rows[:half]), np.vstack(rows[half:] + [np.zeros_like(rows[0])] * (2 * half - len(rows)))]
        sheet = Image.fromarray(np.hstack(columns))
        sheet.thumbnail((2000, 4000))
        sheet.save(options.sheet)


def followed(pipe: FaceEditPipeline, answer: np.ndarray, lines: np.ndarray, hole: np.ndarray) -> float:
    """F1 of drawn lines and those found in the answer's hole, bool (H, W)."""
    found = (pipe.trace(answer) > 0) & hole
    if not found.any() or not lines.any():
        return 0.0
    near = [cv2.distanceTransform(1 - layer.astype(np.uint8), cv2.DIST_L2, 3) <= NEAR for layer in (found, lines)]
    recall, precision = near[0][lines].mean(), near[1][found].mean()
    return float(2 * recall * precision / max(recall + precision, 1e-6))


def shown(photo: np.ndarray, hole: np.ndarray, lines: np.ndarray, color: np.ndarray) -> np.ndarray:
    """The drawing on the photograph."""
    drawn = np.where(hole[..., None], (0.5 * photo + (0, 90, 0)).astype(np.uint8), photo)
    drawn = np.where(color[..., 3:] > 0, color[..., :3], drawn)
    return np.where(lines[..., None], np.uint8(255), drawn)


if __name__ == "__main__":
    main()
