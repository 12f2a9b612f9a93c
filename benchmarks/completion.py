"""What is erased from held-out faces, filled without a drawing: small, by what was there before, and by the whole pipeline.

    python benchmarks/completion.py PREPARED [PREPARED ...] --lpips-weights ALEXNET [--faces 57] [--model FOLDER]

First the middle 32x32 pixels of faces of 64: Telea's inpainting, the nearest training face, the mean face, the package's prior.
Then parts of faces of 512 pixels by the pipeline: as the network fills them by itself, with the prior's colours as it does now,
and those colours alone. PSNR in the hole in dB, LPIPS by AlexNet (over the hole; at 128 pixels for the small ones).
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch

from scfegan_hf import FaceEditPipeline
from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.drawn import masks
from scfegan_hf.editing.guess import Guesser
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.face_prior import read_prior
from scfegan_hf.models.lpips import lpips_network

SMALL, LARGE = 64, 512
KINDS = ("both eyes", "nose", "mouth", "mouth and nose", "left half", "whole face")


class Judge:
    """LPIPS and PSNR of uint8 pictures, over the hole."""

    def __init__(self, weights: Path):
        self.network = lpips_network(weights)

    def __call__(self, answer: np.ndarray, truth: np.ndarray, hole: np.ndarray, side: int | None = None) -> tuple[float, float]:
        error = float(((answer.astype(float) - truth)[hole] ** 2).mean())
        pictures = [torch.from_numpy(each.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None] for each in (answer, truth)]
        mask = torch.from_numpy(hole.astype(np.float32))[None, None]
        if side:
            pictures = [torch.nn.functional.interpolate(each, (side, side), mode="bilinear") for each in pictures]
            mask = None
        with torch.inference_mode():
            looks_apart = lpips(*map(self.network, pictures), self.network.heads, mask)
        return 10 * np.log10(255**2 / max(error, 1e-3)), float(looks_apart)


def faces(folders: list[str], split: str, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pictures uint8 (H, H, 3) and landmarks (98, 2) of a split's faces, spread over all of it."""
    rows = load_rows(folders, split)
    for number in np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(int):
        row = decode_face(rows[int(number)])
        if len(row["landmarks"]):
            yield row["image"], row["landmarks"]


def small(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    return cut_frame(picture, ffhq_frame(points), SMALL)


def small_ways(training: np.ndarray) -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Ways to fill the hole (64, 64) of a small face, uint8, by ``training``'s faces, uint8 (N, 64, 64, 3)."""
    mean, prior = training.mean(0), read_prior()

    def nearest(face: np.ndarray, hole: np.ndarray) -> np.ndarray:
        apart = ((training.astype(np.float32) - face) ** 2 * ~hole[..., None]).sum((1, 2, 3))
        return training[int(apart.argmin())]

    def guess(face: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return (prior.guess(face.astype(np.float32) / 127.5 - 1, hole) + 1) * 127.5

    return {
        "Telea": lambda face, hole: cv2.inpaint(face, hole.astype(np.uint8), 3, cv2.INPAINT_TELEA),
        "nearest training face": nearest,
        "mean face": lambda face, hole: mean,
        "prior": guess,
    }


def hole_of(kind: str, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """bool (LARGE, LARGE)."""
    if kind == "whole face":
        return masks.face(LARGE, points, "whole") > 0
    if kind == "left half":
        return masks.face(LARGE, points, "left") > 0
    return masks.feature(LARGE, points, rng, kind) > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--lpips-weights", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=57)
    parser.add_argument("--model")
    options = parser.parse_args()
    judge, figures = Judge(options.lpips_weights), defaultdict(list)
    held_out = list(faces(options.data, "validation", options.faces))
    ways = small_ways(np.stack([small(*each) for each in faces(options.data, "train", 10**6)]))
    middle = np.zeros((SMALL, SMALL), bool)
    middle[SMALL // 4 : -SMALL // 4, SMALL // 4 : -SMALL // 4] = True
    for picture, points in held_out:
        face = small(picture, points)
        for name, way in ways.items():
            erased = np.where(middle[..., None], np.uint8(128), face)
            filled = np.where(middle[..., None], np.clip(way(erased, middle), 0, 255), face)
            figures["middle of 64 pixels", name].append(judge(filled, face, middle, side=128))
    pipe = FaceEditPipeline.from_pretrained(options.model)
    for number, (picture, points) in enumerate(held_out):
        photo = cv2.resize(picture, (LARGE, LARGE), interpolation=cv2.INTER_AREA)
        rng = np.random.default_rng(number)
        for kind in KINDS:
            hole = hole_of(kind, points * (LARGE / picture.shape[0]), rng)
            with mock.patch.object(Guesser, "of", return_value=None):
                answers = {"network alone": np.asarray(pipe(photo, hole).image.convert("RGB"))}
            answers["with the prior's colours"] = np.asarray(pipe(photo, hole).image.convert("RGB"))
            guesser = Guesser.of(photo, hole, None, looks())
            colors, where = guesser() if guesser else (photo, np.zeros_like(hole))
            answers["those colours alone"] = np.where(where[..., None], colors, photo)
            for name, answer in answers.items():
                figures[kind, name].append(judge(answer, photo, hole))
    print("| hole | way | PSNR dB | LPIPS |\n|---|---|---:|---:|")
    for (hole, name), values in figures.items():
        psnr, apart = np.mean(values, 0)
        print(f"| {hole} | {name} | {psnr:.2f} | {apart:.3f} |")


if __name__ == "__main__":
    main()
