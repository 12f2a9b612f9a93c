"""How like photographs faces of nothing are, whether any was learnt by heart, and how well faces of doodles obey.

    python benchmarks/made_faces.py PREPARED [PREPARED ...] --features SQUEEZENET --lpips-weights ALEXNET [--faces 228]
        [--runner FILE.py --age MODEL.json --mood MODEL.json] [--sheet SHEET.jpg] [--doodles SHEET.jpg] [--drawings FOLDER]

Fréchet distances are of means of SqueezeNet's last features of faces in the FFHQ frame at 128 pixels, to the training faces, of
as many pictures each. Learnt by heart: LPIPS to the training face that is nearest by codes. Doodles are of held-out faces; of
each pair one part differs: the mouth up or down, hair to the shoulders or none. A smile is judged by P(happy) (--runner, see
attributes.py), hair by the annotator's share of it beside and below the mouth. --drawings: doodles of people, for a sheet of
their own.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from attributes import Judges
from gallery import save, strip
from PIL import Image

from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.drawn import doodles, scrawls
from scfegan_hf.editing.made_faces import FaceFromDoodle, FaceSampler
from scfegan_hf.evaluation import sets
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.landmarks import MOUTH_CORNERS
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.features import feature_network
from scfegan_hf.models.lpips import lpips_network

COLUMNS = ("image", "regions", "landmarks")
LOOKED, SHOWN, TILE = 128, 8, 144


def framed(row: dict, side: int = 256) -> np.ndarray:
    return cut_frame(row["image"], ffhq_frame(row["landmarks"]), side)


def tensor(pictures: list[np.ndarray]) -> torch.Tensor:
    """(N, 3, LOOKED, LOOKED) in [-1, 1]."""
    small = [cv2.resize(np.asarray(each), (LOOKED, LOOKED), interpolation=cv2.INTER_AREA) for each in pictures]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1


def vectors(network, pictures: list[np.ndarray]) -> np.ndarray:
    parts = [sets.vectors(network, tensor(pictures[at : at + 32])) for at in range(0, len(pictures), 32)]
    return torch.cat(parts).numpy()


class Closeness:
    """LPIPS of pictures."""

    def __init__(self, weights: Path):
        self.network = lpips_network(weights)

    @torch.inference_mode()
    def __call__(self, first: list[np.ndarray], second: list[np.ndarray]) -> np.ndarray:
        return lpips(self.network(tensor(first)), self.network(tensor(second)), self.network.heads).numpy()


def samples(
    sampler: FaceSampler, train: list[np.ndarray], held: list[np.ndarray], network, close: Closeness, sheet: Path
) -> None:
    count, prior = len(held), sampler.prior
    codes = torch.randn(count, prior.variances.numel(), generator=torch.Generator().manual_seed(1))
    coarse = prior.pictures(0.7 * codes)
    start = time.perf_counter()
    made = [np.asarray(face) for face in sampler.photographs(0.7 * codes, 0)]
    seconds = (time.perf_counter() - start) / count
    blurred = [((x.permute(1, 2, 0).clamp(-1, 1) + 1) * 127.5).byte().numpy() for x in coarse]
    to = vectors(network, train)
    print("| faces | Fréchet |\n|---|---:|")
    for name, pictures in {"held-out photographs": held, "draws of eigenfaces": blurred, "faces made of those": made}.items():
        print(f"| {name} | {sets.frechet_distance(vectors(network, pictures), to):.3f} |")
    known = codes_of(prior, train)
    nearest = {}
    for name, pictures in {"held-out photographs": held, "made": made}.items():
        own = codes_of(prior, pictures)
        best = [int(i) for i in (own @ known.T / known.norm(dim=1)).argmax(1)]
        nearest[name] = [train[i] for i in best]
        apart = close(pictures, nearest[name])
        print(f"LPIPS to the nearest training face, {name}: least {apart.min():.3f}, median {np.median(apart):.3f}")
    print(f"{seconds * 1000:.0f} ms a face of {made[0].shape[0]} pixels, not enlarged")
    if sheet:
        save(np.vstack([strip(tiles(part[:SHOWN])) for part in (made, nearest["made"])]), sheet)


def tiles(pictures: list[np.ndarray]) -> list[np.ndarray]:
    return [cv2.resize(each, (TILE, TILE), interpolation=cv2.INTER_AREA) for each in pictures]


def codes_of(prior, pictures: list[np.ndarray]) -> torch.Tensor:
    small = [cv2.resize(p, (prior.resolution,) * 2, interpolation=cv2.INTER_AREA) for p in pictures]
    return prior.codes(torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2).float() / 127.5 - 1)


def drawing(strokes: list[np.ndarray]) -> np.ndarray:
    """A doodle as people send it: black on white, uint8 (384, 384)."""
    return 255 - scrawls.render(strokes, 7, 384)


def smile_pair(face: doodles.Measured, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A doodle with a mouth that goes down, and up."""
    left, right = (face.points[corner] for corner in MOUTH_CORNERS)
    x = np.linspace(-1, 1, 12)
    rest = [*doodles.head(face, rng), *doodles.eyes(face, rng), *doodles.nose(face, rng), *doodles.hair(face, rng)]
    mouths = [
        (left + right) / 2 + np.column_stack([x * (right[0] - left[0]) * 0.55, bend * (0.6 - x**2) * (right[0] - left[0])])
        for bend in (-0.25, 0.25)
    ]
    return tuple(drawing(scrawls.misdrawn([*rest, mouth], face.unit, np.random.default_rng(0))) for mouth in mouths)


def hair_pair(face: doodles.Measured, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A doodle without hair, and with hair to the shoulders."""
    rest = [*doodles.head(face, rng), *doodles.eyes(face, rng), *doodles.nose(face, rng), *doodles.mouth(face, rng)]
    middle, half = face.ring
    t = np.linspace(np.pi, 0, 24)
    over = middle + half * 1.12 * np.column_stack([np.cos(t), -np.sin(t)])
    low = face.chin + 0.25 * face.unit
    outline = np.concatenate([[[over[0, 0] - 0.06 * face.unit, low]], over, [[over[-1, 0] + 0.06 * face.unit, low]]])
    strands = [np.stack([p, [p[0], low]]) for p in over[[0, 1, 2, -3, -2, -1]]]
    return tuple(
        drawing(scrawls.misdrawn(drawn, face.unit, np.random.default_rng(0))) for drawn in (rest, [*rest, outline, *strands])
    )


def long_hair(face: np.ndarray) -> float:
    """Share of hair in what lies beside and below the mouth."""
    labels = bundled().labels(cv2.resize(face, (256, 256), interpolation=cv2.INTER_AREA))
    low = labels[round(0.62 * labels.shape[0]) :]
    return float((low == REGIONS.index("hair")).mean())


def agreement(
    make: FaceFromDoodle, faces: list[doodles.Measured], pair: Callable, told: Callable
) -> tuple[float, float, float]:
    """Share of pairs whose faces differ as the doodles do, and the means of the two kinds."""
    values = []
    for number, face in enumerate(faces):
        answers = [make(each, seed=number).image for each in pair(face, np.random.default_rng(number))]
        values.append([told(np.asarray(answer)) for answer in answers])
    values = np.array(values)
    return float((values[:, 1] > values[:, 0]).mean()), *values.mean(0)


def obey(make: FaceFromDoodle, rows: list[dict], close: Closeness, judges: Judges | None, sheet: Path) -> None:
    faces = [doodles.measure(row["landmarks"], row["regions"]) for row in rows]
    told = {"long hair": (hair_pair, long_hair)}
    if judges:
        told["smile"] = (smile_pair, lambda face: judges(face)["smile"])
    print("| doodles differ in | faces agree | without | with |\n|---|---:|---:|---:|")
    for name, how in told.items():
        share, without, with_ = agreement(make, faces, *how)
        print(f"| {name} | {share:.0%} | {without:.3f} | {with_:.3f} |")
    drawings = [drawing(doodles.doodle(face, np.random.default_rng(number))) for number, face in enumerate(faces)]
    first, other = ([np.asarray(make(each, seed=seed).image) for each in drawings] for seed in (1, 2))
    mean = [np.asarray(make(each, boldness=0).image) for each in drawings]
    pairs = {
        "doodles": (first, first[1:] + first[:1]),
        "seeds": (first, other),
        "doodles' likeliest faces": (mean, mean[1:] + mean[:1]),
    }
    for name, both in pairs.items():
        print(f"LPIPS between {name}: {close(*both).mean():.3f}")
    if sheet:
        shown(make, drawings[:SHOWN], sheet)


def shown(make: FaceFromDoodle, drawings: list[np.ndarray], sheet: Path) -> None:
    rows = []
    for each in drawings:
        faces = [np.asarray(face) for face in make(each, num_faces=4).images]
        plain = each if each.ndim == 3 else np.repeat(each[..., None], 3, 2)
        rows.append(strip(tiles([plain, *faces])))
    halves = [np.vstack(rows[start::2]) for start in (0, 1)] if len(rows) % 2 == 0 else [np.vstack(rows)]
    save(strip(halves, 16), sheet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--lpips-weights", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=228)
    parser.add_argument("--obeying", type=int, default=60, help="held-out faces whose doodles are tried")
    parser.add_argument("--model", help="of the face generator")
    parser.add_argument("--doodle-model")
    parser.add_argument("--runner")
    parser.add_argument("--age")
    parser.add_argument("--mood")
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--doodles", type=Path)
    parser.add_argument("--drawings", type=Path)
    options = parser.parse_args()
    rows = {split: load_rows(options.data, split, columns=COLUMNS) for split in ("train", "validation")}
    train = [framed(decode_face(row)) for row in rows["train"]]
    held = [decode_face(rows["validation"][n]) for n in range(min(options.faces, len(rows["validation"])))]
    close = Closeness(options.lpips_weights)
    sampler = FaceSampler.from_pretrained(options.model, enlarge=False)
    samples(
        sampler, train, [framed(row) for row in held], feature_network("squeezenet", options.features), close, options.sheet
    )
    make = FaceFromDoodle.from_pretrained(options.doodle_model, enlarge=False, faces=options.model)
    judges = Judges(options.runner, options.age, options.mood) if options.runner else None
    chosen = [held[int(n)] for n in np.linspace(0, len(held) - 1, min(options.obeying, len(held)))]
    obey(make, chosen, close, judges, options.doodles)
    if options.drawings and options.doodles:
        drawn = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(options.drawings.iterdir())]
        shown(make, drawn, options.doodles.with_stem(f"{options.doodles.stem}-people"))


if __name__ == "__main__":
    main()
