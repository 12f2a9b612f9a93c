"""The pictures at the top of docs/results.md: every tenth validation face with its own drawing, and with other people's.

    python benchmarks/gallery.py PREPARED [PREPARED ...] [--model FOLDER] [--every 10] [--tile 168] [--hasty] [--out FOLDER]

Faces, holes and drawings are the benchmark's, none is picked: task after task for gallery-own, another mouth, other eyes
and other hair on each face for gallery-altered; for gallery-hand the same as people draw them. With --hasty also
gallery-hasty: the edits of gallery-own by a hasty hand.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from hasty import hasty
from PIL import Image

from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.benchmark.baselines import of_pipeline
from scfegan_hf.editing.benchmark.report import show_drawing
from scfegan_hf.editing.benchmark.tasks import EditTask, make_tasks
from scfegan_hf.editing.pipeline import FaceEditPipeline

GAP, QUALITY = 4, 88
BLOCKS = 3  # edits beside each other
OWN = ("mouth", "both-eyes", "hair", "nose", "free-form-20", "brow", "half-face", "eye", "free-form-30")
ALTERED = ("mouth", "both-eyes", "hair")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--model")
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--tile", type=int, default=168, help="side of a picture in pixels")
    parser.add_argument("--hasty", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = load_rows(options.data, "validation")
    edit = of_pipeline(FaceEditPipeline.from_pretrained(options.model)).edit
    faces = range(0, len(rows), options.every)

    def tile(picture: np.ndarray) -> np.ndarray:
        small = cv2.resize(picture, (options.tile, options.tile), interpolation=cv2.INTER_AREA)
        return np.pad(small, ((0, GAP), (0, 0), (0, 0)), constant_values=255)

    def shown(task: EditTask, guidance: str) -> list[np.ndarray]:
        given = task.drawing_for(guidance)
        return [tile(show_drawing(task.photo, task.mask, given)), tile(edit(task, given, 0))]

    def changes(photo: np.ndarray, face: int, by_hand: bool = False) -> np.ndarray:
        """The face with other people's features, drawn by a detector or by hand."""
        tasks = [task for task in make_tasks(rows, [face], ALTERED, by_hand=by_hand) if task.altered is not None]
        return strip([tile(photo), *(picture for task in tasks for picture in shown(task, "altered"))])

    own, altered, painted, hurried = [], [], [], []
    for number, face in enumerate(faces):
        turn = number % len(OWN)
        task = next(make_tasks(rows, [face], OWN[turn:] + OWN[:turn]))  # the next one if the face cannot have this
        own.append(strip([tile(task.photo), *shown(task, "both")]))
        if options.hasty:
            quick = replace(task, own=hasty(task.own, task.mask, np.random.default_rng(face)))
            hurried.append(strip([tile(task.photo), *shown(quick, "both")]))
        altered.append(changes(task.photo, face))
        painted.append(changes(task.photo, face, by_hand=True))
    save(blocks(own), options.out / "gallery-own.jpg")
    if options.hasty:
        save(blocks(hurried), options.out / "gallery-hasty.jpg")
    save(stack(altered), options.out / "gallery-altered.jpg")
    save(stack(painted), options.out / "gallery-hand.jpg")


def stack(lines: list[np.ndarray]) -> np.ndarray:
    """Below each other, filled up with white to one width: a bald head has no hair to change."""
    width = max(line.shape[1] for line in lines)
    return np.vstack([np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255) for line in lines])


def blocks(edits: list[np.ndarray]) -> np.ndarray:
    """BLOCKS edits beside each other, line after line."""
    edits = edits + [np.full_like(edits[0], 255)] * (-len(edits) % BLOCKS)
    return np.vstack([strip(edits[at : at + BLOCKS], 4 * GAP) for at in range(0, len(edits), BLOCKS)])


def strip(pictures: list[np.ndarray], gap: int = GAP) -> np.ndarray:
    """Side by side, with white between."""
    parts = [part for picture in pictures for part in (picture, np.full((len(picture), gap, 3), 255, np.uint8))]
    return np.hstack(parts[:-1])


def save(picture: np.ndarray, path: Path) -> None:
    Image.fromarray(picture).save(path, quality=QUALITY)
    print(path)


if __name__ == "__main__":
    main()
