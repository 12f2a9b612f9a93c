"""Generated digits by three figures: how likely they make held-out ones, which of the ten they are, how many are copies.

    python benchmarks/digits.py [DIGITS] [--model FOLDER ...] [--samples 10000] [--sheet SHEET.png]

DIGITS has folders train, validation and test, each with folders 0 to 9 of grey pictures of 28 pixels, white on black; without
it scikit-learn's digits are taken, enlarged, half of those that training leaves out for each of the latter. Each FOLDER is
what `train_accelerate.py vanilla` left. Likelihood is Goodfellow's (2014, section 5): Gaussian windows around the generated
digits, as wide as is best for the validation digits, in nats of a test digit with its standard error. Classes are told by a
support vector machine on edges, whose own share of right answers is printed. A copy is three times nearer to one training
digit than to any other. Beside them the figures of training, on means of 8x8 parts, and what simple samplers reach.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from gallery import save
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.svm import SVC
from torch.nn import functional as F

from scfegan_hf.data.plain import digits, middle_square
from scfegan_hf.evaluation import sets
from scfegan_hf.evaluation.parzen import best_width, log_likelihoods, mean_and_error
from scfegan_hf.evaluation.variety import class_shares, nearest
from scfegan_hf.models.mlp import MLPGenerator
from scfegan_hf.recipes.vanilla import features

SIDE, CLASSES = 28, 10
WIDTHS = np.geomspace(0.05, 0.4, 31)  # 7% apart: the second decimal moves a figure by ten nats and more
DIRECTIONS, COMPONENTS = 8, 64
FEWEST, MOST = 0.05, 0.15  # of a class, where each should have a tenth
SHOWN = 20


def parts(folder: Path | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Digits float (N, 784) in [0, 1], and what they are (N,): to learn from, to choose the width by, to test."""
    if folder:
        return [read(folder / name) for name in ("train", "validation", "test")]
    train, held = (
        [(middle_square(row["image"], SIDE), row["label"]) for row in digits(part)] for part in ("train", "validation")
    )
    return [as_rows(*zip(*some, strict=True)) for some in (train, held[::2], held[1::2])]


def read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    files = sorted((path, label) for label in range(CLASSES) for path in (folder / str(label)).iterdir())
    return as_rows([np.asarray(Image.open(path).convert("L")) for path, _ in files], [label for _, label in files])


def as_rows(pictures: Sequence[np.ndarray], labels: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack(pictures).reshape(-1, SIDE**2).astype(np.float32) / 255, np.array(labels)


def edges(rows: np.ndarray) -> np.ndarray:
    """Strength of edges in eight directions, in overlapping parts of the picture: (N, 784) to (N, 512), rows of length 1."""
    pictures = F.pad(torch.from_numpy(rows).view(-1, 1, SIDE, SIDE), (3, 3, 3, 3))
    across, down = pictures[..., 1:-1, 2:] - pictures[..., 1:-1, :-2], pictures[..., 2:, 1:-1] - pictures[..., :-2, 1:-1]
    turns = torch.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    along = across * turns.cos().view(1, -1, 1, 1) + down * turns.sin().view(1, -1, 1, 1)
    return F.normalize(F.avg_pool2d(along.relu(), 8, 3).flatten(1)).numpy()


def generated(folder: str, count: int) -> np.ndarray:
    generator = MLPGenerator.from_pretrained(folder)
    noise = torch.randn(count, generator.z_size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return ((generator(noise).flatten(1) + 1) / 2).numpy()


def gaussian(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Samples of the Gaussian of ``rows`` in their first principal components."""
    space = PCA(COMPONENTS, random_state=0).fit(rows)
    return space.inverse_transform(rng.standard_normal((count, COMPONENTS)) * space.explained_variance_**0.5).clip(0, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("digits", type=Path, nargs="?")
    parser.add_argument("--model", nargs="*", default=[], help="folders of trained generators")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    (train, known), (validation, _), (test, truth) = parts(options.digits)
    rng, count = np.random.default_rng(0), options.samples
    reader = SVC(C=10).fit(edges(train), known)
    right = float((reader.predict(edges(test)) == truth).mean())
    print(f"{len(train)} digits to learn from, {len(validation)} and {len(test)} held out; {right:.1%} of these read rightly\n")

    each = [gaussian(train[known == label], count // CLASSES, rng) for label in range(CLASSES)]
    samplers = {
        "training digits": train,
        "training digits, and noise of .05": (train + rng.normal(0, 0.05, train.shape)).clip(0, 1),
        "one Gaussian": gaussian(train, count, rng),
        "a Gaussian for each class": np.concatenate(each),
        **{folder: generated(folder, count) for folder in options.model},
    }
    print("| digits | log likelihood | width | classes, fewest and most | copies | nearest | Frechet | precision | recall |")
    print("|---|---:|---:|---|---:|---:|---:|---:|---:|")
    seen, shown = features(torch.from_numpy(test * 2 - 1).view(-1, 1, SIDE, SIDE)).numpy(), []
    for name, made in {**samplers, "test digits": test}.items():
        likelihood = width = ""
        if name in samplers:
            width = best_width(made, validation, WIDTHS)
            likelihood = "{:.0f} ± {:.1f}".format(*mean_and_error(log_likelihoods(made, test, width)))
            width = f"{width:.2f}"
        some = made[rng.permutation(len(made))[: len(test)]].astype(np.float32)
        shares = class_shares(reader.predict(edges(made.astype(np.float32))), CLASSES)
        close = nearest(some, train)
        looks = features(torch.from_numpy(some * 2 - 1).view(-1, 1, SIDE, SIDE)).numpy()
        told = sets.figures(seen, looks)
        outside = int(((shares < FEWEST) | (shares > MOST)).sum())
        kinds = f"{shares.min():.1%} ({shares.argmin()}), {shares.max():.1%} ({shares.argmax()}); {outside} outside"
        print(
            f"| {name} | {likelihood} | {width} | {kinds} | {close.copies.mean():.1%} | {np.median(close.distance):.1f} ",
            end="",
        )
        print("| {frechet:.2f} | {precision:.2f} | {recall:.2f} |".format(**told), flush=True)
        shown += [some[:SHOWN], train[close.row[:SHOWN]]]
    if options.sheet:  # two rows a sampler, unpicked: digits, and below each the training digit that is nearest
        tiles = np.stack(shown).reshape(len(shown), SHOWN, SIDE, SIDE).transpose(0, 2, 1, 3)
        save((tiles.reshape(len(shown) * SIDE, SHOWN * SIDE, 1).repeat(3, 2) * 255).round().astype(np.uint8), options.sheet)


if __name__ == "__main__":
    main()
