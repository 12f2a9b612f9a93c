"""The prior by which erased parts of a face are guessed where nothing is drawn (scfegan_hf/models/face_prior.py), from faces.

    python examples/fit_prior.py PREPARED [PREPARED ...] --out FOLDER [--components 600] [--noise 0.05]

reads the training faces that `scfegan prepare` wrote, and writes config.json and model.safetensors to FOLDER. In a minute for
2,000 faces.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scfegan_hf.data.rows import load_rows
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.models.face_prior import fit_prior

SIDE = 64


def faces(folders: list[str], split: str = "train") -> Iterator[np.ndarray]:
    """The faces of a split in the frame of their own landmarks, uint8 (SIDE, SIDE, 3); those without are left out."""
    rows = load_rows(folders, split, columns=("image", "landmarks"))
    for number in range(len(rows)):
        row = decode_face(rows[number])
        if len(row["landmarks"]):
            yield cut_frame(row["image"], ffhq_frame(row["landmarks"]), SIDE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--components", type=int, default=600)
    parser.add_argument("--noise", type=float, default=0.05)
    options = parser.parse_args()
    prior = fit_prior(faces(options.data), options.components, options.noise)
    prior.half().save_pretrained(options.out)
    size = (options.out / "model.safetensors").stat().st_size
    print(f"{options.out}: {options.components} components, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
