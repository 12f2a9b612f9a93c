"""Peak memory of the process for one edit that repaints all of a photograph: the most that a visitor can ask for.

python benchmarks/memory.py [--megapixels 12.5] [--no-detail]
"""

import argparse
import resource
import time

import cv2
import numpy as np
from skimage.data import astronaut

from scfegan_hf import FaceEditPipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=12.5)
    parser.add_argument("--no-detail", action="store_true")
    options = parser.parse_args()
    pipe = FaceEditPipeline.from_pretrained(device="cpu")
    height = round((options.megapixels * 1e6 * 0.75) ** 0.5)
    photo = cv2.resize(astronaut(), (round(height / 0.75), height))
    before, began = peak(), time.perf_counter()
    pipe(photo, np.full(photo.shape[:2], 255, np.uint8), invert=False, detail=not options.no_detail)
    print(f"{before:.2f} GB before, {peak():.2f} GB at most, {time.perf_counter() - began:.1f} s")


def peak() -> float:
    """Most memory that this process has had, in GB (2**30 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main()
