"""What is erased from held-out faces, filled without a drawing: small, by what was there before, and by the whole pipeline.

    python benchmarks/completion.py PREPARED [PREPARED ...] --lpips-weights ALEXNET [--faces 57] [--large 57] [--model FOLDER]
        [--dcgan RUN] [--sheet SHEET.png]

First the middle 32x32 pixels of faces of 64: Telea's inpainting, the nearest training face, the mean face, the package's prior;
and a search for a code of the package's faces, or of a DCGAN of a run: its start and its end, joined by Poisson's equation. The
same for the left half, and for a fifth of all pixels at random. Then parts of --large faces of 512 pixels by the pipeline: as
the network fills them by itself, with the prior's colours as the static site does, with the draft that the pipeline makes, and
the prior's colours and a searched photograph's alone. PSNR in the hole in dB, LPIPS by AlexNet (over the hole; at 128 pixels
for the small ones). The sheet shows middles of the first folder's faces.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import torch
from gallery import save, strip

from scfegan_hf import FaceEditPipeline
from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.draft import Draft
from scfegan_hf.editing.drawn import masks
from scfegan_hf.editing.guess import Guesser
from scfegan_hf.editing.latent_search import (
    Codes,
    DCGANCodes,
    FaceCodes,
    poisson,
    search,
    search_photo,
)
from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.face_prior import read_prior
from scfegan_hf.models.lpips import lpips_network

SMALL, LARGE = 64, 512
BATCH, RANDOM, SHOWN = 19, 0.2, 10
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


def fill(way: Callable[[np.ndarray, np.ndarray], np.ndarray], face: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """A small face, uint8, with its hole filled in this way, which does not see what was there."""
    erased = np.where(hole[..., None], np.uint8(128), face)
    return np.where(hole[..., None], np.clip(np.rint(way(erased, hole)), 0, 255), face).astype(np.uint8)


def enlarged(face: np.ndarray) -> np.ndarray:
    return cv2.resize(face, (2 * SMALL, 2 * SMALL), interpolation=cv2.INTER_CUBIC)


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


class SmallFaces(FaceCodes):
    """The package's faces as they are at SMALL pixels."""

    def __init__(self, *parts):
        super().__init__(*parts)
        self.side = SMALL

    def pictures(self, codes: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(super().pictures(codes), (SMALL, SMALL), mode="area")


def searched(codes: Codes, small_faces: np.ndarray, hole: np.ndarray) -> dict[str, np.ndarray]:
    """Small faces uint8 (N, 64, 64, 3) filled by a search, by step: its start and its end."""
    seen = torch.from_numpy(small_faces).permute(0, 3, 1, 2).float() / 127.5 - 1
    found = {}
    for at in range(0, len(seen), BATCH):
        part = seen[at : at + BATCH]
        holes = torch.from_numpy(hole.astype(np.float32)).expand(len(part), 1, -1, -1)
        for step, _, pictures in search(codes, part, holes, codes.how):
            if step in (0, codes.how.steps):
                found.setdefault(step, []).extend(((pictures.permute(0, 2, 3, 1) + 1) * 127.5).round().byte().numpy())
    return {
        f"after {step} steps": np.stack([poisson(*pair, hole, ~hole) for pair in zip(made, small_faces, strict=True)])
        for step, made in found.items()
    }


def small_holes() -> dict[str, np.ndarray]:
    middle, left = np.zeros((2, SMALL, SMALL), bool)
    middle[SMALL // 4 : -SMALL // 4, SMALL // 4 : -SMALL // 4] = True
    left[:, : SMALL // 2] = True
    return {"middle": middle, "left half": left, "random": np.random.default_rng(0).random((SMALL, SMALL)) < RANDOM}


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
    parser.add_argument("--large", type=int, default=57, help="faces of 512 pixels")
    parser.add_argument("--model")
    parser.add_argument("--dcgan", help="folder of a run of train_accelerate.py dcgan")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    judge, figures = Judge(options.lpips_weights), defaultdict(list)
    held_out = list(faces(options.data, "validation", options.faces))
    ways = small_ways(np.stack([small(*each) for each in faces(options.data, "train", 10**6)]))
    small_faces = np.stack([small(*each) for each in held_out])
    package = FaceCodes.from_pretrained()
    generators = {"the package's faces": SmallFaces(package.generator, read_prior())}
    if options.dcgan:
        generators["a DCGAN"] = DCGANCodes.from_pretrained(options.dcgan)
    for place, hole in small_holes().items():
        filled = {name: np.stack([fill(way, face, hole) for face in small_faces]) for name, way in ways.items()}
        for name, codes in generators.items():
            filled |= {f"{name}, {label}": pictures for label, pictures in searched(codes, small_faces, hole).items()}
        for name, pictures in filled.items():
            scores = [judge(*pair, hole, side=128) for pair in zip(pictures, small_faces, strict=True)]
            figures[f"{place} of {SMALL} pixels", name] += scores
            print(place, name, *np.mean(scores, 0), file=sys.stderr, flush=True)
        if options.sheet and place == "middle":
            rows = [small_faces, np.where(hole[..., None], np.uint8(128), small_faces), *filled.values()]
            save(np.vstack([strip([enlarged(face) for face in row[:SHOWN]]) for row in rows]), options.sheet)
    pipe = FaceEditPipeline.from_pretrained(options.model)
    for number, (picture, points) in enumerate(held_out[: options.large]):
        photo = cv2.resize(picture, (LARGE, LARGE), interpolation=cv2.INTER_AREA)
        rng = np.random.default_rng(number)
        for kind in KINDS:
            hole = hole_of(kind, points * (LARGE / picture.shape[0]), rng)
            with mock.patch.object(Guesser, "of", return_value=None):
                answers = {"network alone": np.asarray(pipe(photo, hole).image.convert("RGB"))}
            guesser = Guesser.of(photo, hole, None, looks())
            colors, where = guesser() if guesser else (photo, np.zeros_like(hole))
            given = (np.zeros_like(hole), colors, where)
            with mock.patch.object(Draft, "__call__", return_value=given):
                answers["with the prior's colours"] = np.asarray(pipe(photo, hole).image.convert("RGB"))
            answers["with a draft"] = np.asarray(pipe(photo, hole).image.convert("RGB"))
            answers["the prior's colours alone"] = np.where(where[..., None], colors, photo)
            if guesser:
                *_, (_, face) = search_photo(package, guesser, package.how)
                answers["a searched photograph's alone"] = poisson(guesser.placed(face)[0], photo, hole, ~hole)
            for name, answer in answers.items():
                figures[kind, name].append(judge(answer, photo, hole))
    print("| hole | way | PSNR dB | LPIPS |\n|---|---|---:|---:|")
    for (hole, name), values in figures.items():
        psnr, apart = np.mean(values, 0)
        print(f"| {hole} | {name} | {psnr:.2f} | {apart:.3f} |")


if __name__ == "__main__":
    main()
