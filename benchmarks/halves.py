"""How far edits by two releases of the same weights lie apart: in fp32 and in fp16.

    python benchmarks/halves.py FACES FIRST SECOND [--count 12]

FACES is a folder of aligned faces. Each is edited at 512 pixels in a random rectangle, with the lines traced from it; the
figures are grey levels of 255 over the holes.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from scfegan_hf import FaceEditPipeline


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("releases", nargs=2)
    parser.add_argument("--count", type=int, default=12)
    options = parser.parse_args()
    pipes = [FaceEditPipeline.from_pretrained(release, dtype="float32") for release in options.releases]
    rng = np.random.default_rng(0)
    largest, means = 0, []
    for path in sorted(options.faces.glob("*0.jpg"))[: options.count]:
        photo = Image.open(path).convert("RGB").resize((512, 512))
        mask = np.zeros((512, 512), np.uint8)
        (x, y), (width, height) = rng.integers(100, 300, 2), rng.integers(60, 180, 2)
        mask[y : y + height, x : x + width] = 255
        lines = pipes[0].trace(photo)
        first, second = (np.asarray(pipe(photo, mask, sketch=lines).image, int)[mask > 0] for pipe in pipes)
        largest = max(largest, int(np.abs(first - second).max()))
        means.append(np.abs(first - second).mean())
    print(f"{len(means)} edits: {largest} levels at most, {np.mean(means):.4f} in the mean")


if __name__ == "__main__":
    main()
