"""What it is worth to train on drawings as people make them: lines along features, dabs of iris, pupil, teeth.

    python benchmarks/hand.py PREPARED [PREPARED ...] --start WEIGHTS --perceptual_weights FILE --out OUT [--steps 600]

Two trainings at 128 pixels go on from the same weights, one with an edge detector's lines and random strokes only, one with
the defaults of editing/drawn/drawing.py; then both fill the same eyes and mouths of validation faces, drawn in either way.
"""

import argparse
from pathlib import Path
from unittest.mock import patch

import torch
from ablation import Change, train

from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.drawn import masks
from scfegan_hf.editing.drawn.drawing import Hand
from scfegan_hf.editing.drawn.samples import Holes, edits_of
from scfegan_hf.models.scfegan import SCFEGANGenerator
from scfegan_hf.recipes.scfegan import SCFEGAN

DETECTOR = {"drawn": 0.0, "features": 0.0, "patches": 0.0}
PERSON = {"drawn": 1.0, "features": 1.0}
GIVEN = {"no_sketch": 0.0, "no_color": 0.0, "color_map": 0.0}
HOLES = {"eyes": ("left eye", "right eye", "both eyes"), "mouths": ("mouth",)}
GOING_ON = {"projected_beta": 0.06, "learning_rate": 3e-4}
COSINE = {"lr_scheduler": "cosine", "ema_decay": 0.99}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--start", required=True, help="folder of weights to start from")
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--samples", type=int, default=128, help="of validation, of each kind")
    options = parser.parse_args()
    options.what, options.mixed = "recipe", None
    trained = {
        "start": Path(options.start),
        "detector's drawings": trained_with(DETECTOR, "detector", options),
        "people's drawings too": trained_with({}, "people", options),
    }
    print("| weights | " + " | ".join(f"{hole}, {hand}: {figure}" for hole in HOLES for hand in ("detector", "person")
          for figure in ("PSNR", "distance")) + " |\n|---|" + "---:|" * 8)  # fmt: skip
    for name, folder in trained.items():
        print(f"| {name} | " + " | ".join(figures(folder, options)) + " |", flush=True)


def trained_with(hand: dict, folder: str, options: argparse.Namespace) -> Path:
    """The folder of a training with this hand."""
    train(folder, Change(recipe=GOING_ON, training=COSINE, hand=hand), options)
    return options.out / folder


@torch.no_grad()
def figures(folder: Path, options: argparse.Namespace) -> list[str]:
    """Masked PSNR and feature distance, by hole and hand."""
    recipe = SCFEGAN(perceptual="squeezenet", perceptual_weights=options.perceptual_weights, beta=0)
    networks = {"generator": SCFEGANGenerator.from_pretrained(folder), "features": recipe.networks()["features"]}
    rows, cells = load_rows(options.data, "validation"), []
    chosen = [number * len(rows) // options.samples for number in range(options.samples)]
    for names in HOLES.values():
        for hand in (DETECTOR, PERSON):
            often = patch.object(masks, "often_erased", lambda rng, names=names: names[rng.integers(len(names))])
            with often:
                asked = {"holes": Holes(1.0, 0.0), "hand": Hand(**GIVEN, **hand)}
                stream = edits_of(rows, 128, seed=5, order=lambda n: n % len(rows), **asked)
                found: dict[str, list] = {"masked_psnr": [], "feature_distance": []}
                for first in range(0, len(chosen), 8):
                    batch = torch.utils.data.default_collate([stream[n] for n in chosen[first : first + 8]])
                    for name, values in recipe.metrics(networks, batch).items():
                        found[name] += values.tolist()
            cells += [f"{sum(found[name]) / len(found[name]):.{digits}f}" for name, digits in
                      (("masked_psnr", 2), ("feature_distance", 3))]  # fmt: skip
    return cells


if __name__ == "__main__":
    main()
