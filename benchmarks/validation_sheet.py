"""The picture of docs/results.md from what `scfegan evaluate` wrote: every second row of the sheet, smaller.

python benchmarks/validation_sheet.py REPORT/sheet.png [--out docs/pictures/validation.jpg]
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from scfegan_hf.evaluation.report import HEAD, TILE

PRINTED = 116  # side of a printed tile


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/validation.jpg"))
    options = parser.parse_args()
    sheet = np.asarray(Image.open(options.sheet))
    rows = [sheet[:HEAD], *(sheet[top : top + TILE] for top in range(HEAD, len(sheet), 2 * TILE))]
    picture = Image.fromarray(np.vstack(rows))
    size = (round(picture.width * PRINTED / TILE), round(picture.height * PRINTED / TILE))
    picture.resize(size, Image.Resampling.LANCZOS).save(options.out, quality=88)


if __name__ == "__main__":
    main()
