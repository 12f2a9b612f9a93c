"""Mouths and eyes from near: the same edits by several weights, as a user sees them who zooms in.

    python benchmarks/close.py PREPARED [--model FOLDER ...] [--out docs/pictures/close.jpg]

First the eyes of some faces, then their mouths, a row for each: the photograph; its lines and colours as a detector sees them,
and each model by them; the same as people draw it, and each model; another face's, as people draw it, and each model. Faces and
tasks are the benchmark's.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from gallery import save, strip

from scfegan_hf.data.pictures import bounds
from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.benchmark.baselines import of_pipeline
from scfegan_hf.editing.benchmark.report import show_drawing
from scfegan_hf.editing.benchmark.tasks import EditTask, make_tasks, pick_faces
from scfegan_hf.editing.pipeline import FaceEditPipeline

TILE, MARGIN = 140, 20  # pixels; MARGIN is of the photograph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--model", action="append")
    parser.add_argument("--faces", type=int, default=6)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/close.jpg"))
    options = parser.parse_args()
    rows = load_rows(options.data, "validation")
    edits = [of_pipeline(FaceEditPipeline.from_pretrained(model)).edit for model in options.model or [None]]
    lines: dict[bool, list[np.ndarray]] = {False: [], True: []}  # of eyes, of mouths
    for turn, face in enumerate(pick_faces(rows, options.faces)):
        names = ["both-eyes" if turn % 2 else "eye", "mouth"]
        by_hand = {task.name: task for task in make_tasks(rows, [face], names, by_hand=True)}
        for task in make_tasks(rows, [face], names):
            drawn = by_hand.get(task.name)
            if drawn is None or drawn.altered is None:
                continue
            tiles = [near(task.photo, task)]
            for of, guidance in ((task, "both"), (drawn, "both"), (drawn, "altered")):
                given = of.drawing_for(guidance)
                tiles.append(near(show_drawing(task.photo, task.mask, given), task))
                tiles += [near(edit(of, given, 0), task) for edit in edits]
            lines[task.name == "mouth"].append(strip(tiles))
    save(np.vstack(lines[False] + lines[True]), options.out)


def near(picture: np.ndarray, task: EditTask) -> np.ndarray:
    """The hole and a little around it, as a square tile."""
    x0, y0, x1, y1 = bounds(task.mask)
    reach = max(x1 - x0, y1 - y0) // 2 + MARGIN
    x, y = (x0 + x1) // 2, (y0 + y1) // 2
    padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    return cv2.resize(padded[y : y + 2 * reach, x : x + 2 * reach], (TILE, TILE), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main()
