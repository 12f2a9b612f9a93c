"""What an edit costs on a face and beside it: `PYTHONPATH=CHECKOUT python benchmarks/places.py PHOTO`, an aligned portrait.

Processor milliseconds of one thread, medians of 5, without the detail pass; an eye and a corner of the background.
"""

import inspect
import sys
import time

import cv2
import numpy as np
import torch
from PIL import Image

from scfegan_hf import FaceEditPipeline

ROUNDS = 5
# Centre and radii of holes in parts of the side.
HOLES = {"an eye": (0.37, 0.47, 0.07, 0.04), "a corner": (0.1, 0.1, 0.08, 0.08)}


def main() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    pipe = FaceEditPipeline.from_pretrained(runtime="pytorch")
    plain = {"detail": False} if "detail" in inspect.signature(pipe.__call__).parameters else {}
    for side in (512, 1024):
        photo = np.asarray(Image.open(sys.argv[1]).convert("RGB").resize((side, side)))
        for name, hole in HOLES.items():
            x, y, width, height = (round(part * side) for part in hole)
            mask = np.zeros((side, side), np.uint8)
            cv2.ellipse(mask, (x, y), (width, height), 0, 0, 360, 255, -1)
            pipe(photo, mask, **plain)
            times = []
            for _ in range(ROUNDS):
                begun = time.process_time()
                pipe(photo, mask, **plain)
                times.append(time.process_time() - begun)
            print(f"{side} pixels, {name}: {1000 * np.median(times):.0f} ms")


if __name__ == "__main__":
    main()
