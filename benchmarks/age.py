"""How far judges see faces move that are made older, younger, or of other features, and whether they stay who they are.

    python benchmarks/age.py PICTURE [PICTURE ...] --runner FILE.py --age MODEL.json --mood MODEL.json [--model FOLDER]
        [--side 768] [--sheet SHEET.jpg]

PICTURES: faces that nothing was fitted to, each no larger than --side. RUNNER: a file with `Graph(path)`, which runs
TensorFlow.js models: --age gives years and P(male), --mood P(happy). They see the FFHQ frame, as dlib does, whose distance to
the face as it was is mean and 95%. Seconds are the processor's for one answer about a photograph that was looked at.
"""

import argparse
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from attributes import Judges
from enlarging import identity_judge
from gallery import save, strip
from PIL import Image

from scfegan_hf.faces.align import cut_frame
from scfegan_hf.portrait.age import AgePipeline
from scfegan_hf.portrait.faces import AlignedFace, largest

SEEN, SHOWN = 384, 8
WISHES = ({"age": -20}, {"age": -10}, {"age": 10}, {"age": 20}, {"features": -1}, {"features": 1})


def frame_of(face: AlignedFace) -> np.ndarray:
    """The face's FFHQ frame (4, 2) in the photograph."""
    x0, y0, x1, y1 = face.box
    height, width = face.small.shape[:2]
    return face.frame * np.float32(((x1 - x0) / width, (y1 - y0) / height)) + np.float32((x0, y0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--age", required=True)
    parser.add_argument("--mood", required=True)
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--side", type=int, default=768)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    pipe, identity = AgePipeline.from_pretrained(options.model), identity_judge()
    judges = Judges(options.runner, options.age, options.mood)
    found, strips, missed = defaultdict(list), [], 0
    for path in options.pictures:
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((options.side, options.side), Image.Resampling.LANCZOS)
        photo = np.asarray(picture)
        looked = pipe.look(photo)
        if not looked.faces:
            missed += 1
            continue
        frame = frame_of(largest(looked.faces))
        before = cut_frame(photo, frame, SEEN)
        was, shown = judges(before), [before]
        pipe(looked, age=1)  # what is found out once a face is no part of a move
        for wish in WISHES:
            start = time.process_time()
            result = pipe(looked, **wish)
            seconds = time.process_time() - start
            after = np.asarray(result.image)
            if (after[~result.mask] != photo[~result.mask]).any():
                raise AssertionError("Something changed outside the mask.")
            shown.append(cut_frame(after, frame, SEEN))
            now = judges(shown[-1])
            moved = [now[name] - was[name] for name in ("age", "features", "smile")]
            found[str(wish)].append((*moved, identity(before, shown[-1]), seconds))
        strips.append(strip([cv2.resize(each, (192, 192), interpolation=cv2.INTER_AREA) for each in shown]))
    print(f"{len(strips)} faces, {missed} not found\n")
    print("| asked | years | P(male) | P(happy) | identity mean, 95% | seconds |\n|---|---|---|---|---|---|")
    for wish, rows in found.items():
        years, male, happy, apart, seconds = np.array(rows).T
        apart = apart[~np.isnan(apart)]
        alike = f"{apart.mean():.3f}, {np.quantile(apart, 0.95):.3f}" if len(apart) else "none found"
        judged = f"{years.mean():+.1f} | {male.mean():+.2f} | {happy.mean():+.2f}"
        print(f"| {wish} | {judged} | {alike} | {np.median(seconds):.2f} |")
    if options.sheet:
        save(np.vstack(strips[:SHOWN]), options.sheet)


if __name__ == "__main__":
    main()
