"""Photographs made up by two looks, and by the row above as a reference: docs/pictures/makeup.jpg.

python benchmarks/made_up.py PORTRAITS [--names female-36 ...] [--model FOLDER] [--out docs/pictures/makeup.jpg]
python benchmarks/made_up.py PORTRAITS --side 7000   # seconds and memory of a look on a photograph of this side
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
from gallery import save, strip
from PIL import Image

from scfegan_hf import Look, MakeupPipeline
from scfegan_hf.editing.photos import read_photo
from scfegan_hf.portrait.faces import aligned_faces, largest

NAMES = ("female-36", "female-0", "male-48", "female-53")
SIDE = 280
LOOKS = (
    Look(lips="#b0203a", shadow="#6a4a3c", liner="black", blush="#d9788a"),
    Look(lips="#8a1050", shadow="#3e4b9b", liner="#101010", blush="#e8909c", foundation="#e0b89a"),
    Look(lips="#e05040", shadow="#c9a24a", blush="#e58b6a"),
)


def close(picture: Image.Image, photo: np.ndarray) -> np.ndarray:
    """The face's part of a photograph."""
    corners = np.array(largest(aligned_faces(photo)).box, float).reshape(2, 2)
    centre, half = corners.mean(0), 0.4 * (corners[1] - corners[0]).max()
    box = (*(centre - half), *(centre + half))
    return np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS, box))


def measure(path: Path, side: int) -> None:
    photo = np.asarray(Image.fromarray(read_photo(path).rgb).resize((side, side), Image.Resampling.LANCZOS))
    MakeupPipeline()(np.asarray(Image.fromarray(photo).resize((512, 512))), look=LOOKS[1])  # loads the annotator
    start = time.perf_counter()
    MakeupPipeline()(photo, look=LOOKS[1])
    print(f"{time.perf_counter() - start:.2f} s, peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("--names", nargs="+", default=NAMES)
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/makeup.jpg"))
    parser.add_argument("--side", type=int)
    options = parser.parse_args()
    if options.side:
        return measure(options.portraits / f"{options.names[0]}.jpg", options.side)
    pipe, rows, reference = MakeupPipeline.from_pretrained(options.model), [], None
    for number, name in enumerate(options.names):
        photo = read_photo(options.portraits / f"{name}.jpg").rgb
        looks = [pipe(photo, look=LOOKS[(number + n) % len(LOOKS)]).image for n in (0, 1)]
        carried = pipe(photo, reference if reference is not None else looks[1]).image
        rows.append(strip([close(each, photo) for each in (Image.fromarray(photo), *looks, carried)]))
        reference = looks[0]
    save(np.vstack(rows), options.out)


if __name__ == "__main__":
    main()
