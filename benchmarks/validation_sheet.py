"""The sheet of docs/results.md from what `scfegan evaluate` wrote: every second edit, in two columns, small.

python benchmarks/validation_sheet.py REPORT/sheet.png [--out docs/pictures/validation.jpg]
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, TILE, GAP = 512, 176, 48  # of prepared faces, of printed ones, between the columns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/validation.jpg"))
    options = parser.parse_args()
    sheet = np.asarray(Image.open(options.sheet))
    rows = [sheet[top : top + SIDE] for top in range(0, len(sheet), 2 * SIDE)]
    columns = [np.vstack(rows[: len(rows) // 2]), np.vstack(rows[len(rows) // 2 :])]
    gap = np.full((len(columns[0]), GAP, 3), 255, np.uint8)
    picture = Image.fromarray(np.hstack([columns[0], gap, columns[1]]))
    size = (round(picture.width * TILE / SIDE), round(picture.height * TILE / SIDE))
    picture.resize(size, Image.Resampling.LANCZOS).save(options.out, quality=88)


if __name__ == "__main__":
    main()
