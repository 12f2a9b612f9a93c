"""The pictures at the top of docs/results.md: every tenth validation face with its own drawing, and with other people's.

    python benchmarks/gallery.py PREPARED [PREPARED ...] [--model FOLDER] [--every 10] [--out docs/pictures]

Faces, holes and drawings are the benchmark's, none is picked: task after task for gallery-own, another mouth, other eyes
and other hair on each face for gallery-altered.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from scfegan_hf.data.datasets import load_rows
from scfegan_hf.evaluation.baselines import of_pipeline
from scfegan_hf.evaluation.report import show_drawing
from scfegan_hf.evaluation.tasks import EditTask, make_tasks
from scfegan_hf.pipeline import FaceEditPipeline

TILE, GAP, QUALITY = 168, 4, 88
BLOCKS = 3  # edits beside each other
OWN = ("mouth", "both-eyes", "hair", "nose", "free-form-20", "brow", "half-face", "eye", "free-form-30")
ALTERED = ("mouth", "both-eyes", "hair")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--model")
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = load_rows(options.data, "validation")
    edit = of_pipeline(FaceEditPipeline.from_pretrained(options.model)).edit
    faces = range(0, len(rows), options.every)

    def shown(task: EditTask, guidance: str) -> list[np.ndarray]:
        given = task.given(guidance)
        return [tile(show_drawing(task.photo, task.mask, given)), tile(edit(task, given, 0))]

    own, altered = [], []
    for number, face in enumerate(faces):
        turn = number % len(OWN)
        task = next(make_tasks(rows, [face], OWN[turn:] + OWN[:turn]))  # the next one if the face cannot have this
        own.append(strip([tile(task.photo), *shown(task, "both")]))
        tasks = [task for task in make_tasks(rows, [face], ALTERED) if task.altered is not None]
        altered.append(strip([tile(task.photo), *(picture for task in tasks for picture in shown(task, "altered"))]))
    blank = np.full_like(own[0], 255)
    own += [blank] * (-len(own) % BLOCKS)
    lines = [strip(own[at : at + BLOCKS], 4 * GAP) for at in range(0, len(own), BLOCKS)]
    save(np.vstack(lines), options.out / "gallery-own.jpg")
    width = max(line.shape[1] for line in altered)  # a bald head has no hair to change
    padded = [np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0)), constant_values=255) for line in altered]
    save(np.vstack(padded), options.out / "gallery-altered.jpg")


def tile(picture: np.ndarray) -> np.ndarray:
    small = cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)
    return np.pad(small, ((0, GAP), (0, 0), (0, 0)), constant_values=255)


def strip(pictures: list[np.ndarray], gap: int = GAP) -> np.ndarray:
    """Side by side, with white between."""
    parts = [part for picture in pictures for part in (picture, np.full((len(picture), gap, 3), 255, np.uint8))]
    return np.hstack(parts[:-1])


def save(picture: np.ndarray, path: Path) -> None:
    Image.fromarray(picture).save(path, quality=QUALITY)
    print(path)


if __name__ == "__main__":
    main()
