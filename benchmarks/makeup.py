"""How near carried make-up comes to its truth: held-out faces, references painted with strong looks, sources painted alike.

    python benchmarks/makeup.py PREPARED [--model FOLDER] [--faces 40] [--side 256] [--identity] [--sheet SHEET.jpg]

For each way PSNR to the truth (dB) and the distance of colour histograms to the reference (levels of 255) within lips, eyes
(lids and lashes) and skin, over half of the layers' masks; with --identity dlib's distance to the source without make-up.
"network" knows the source's landmarks as the truth does; "pipeline" is `MakeupPipeline`, which finds faces by itself. For
"removal" the source wears the look, and the truth is without.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from enlarging import identity_judge
from gallery import save, strip

from scfegan_hf.data.rows import load_rows
from scfegan_hf.evaluation.closeness import masked_psnr
from scfegan_hf.faces.align import cut_frame
from scfegan_hf.faces.made_up import COLUMNS, STRONG, decode_landmarked
from scfegan_hf.faces.makeup import painted
from scfegan_hf.faces.makeup_places import LAYERS, Places, places
from scfegan_hf.portrait.faces import AlignedFace, add_change
from scfegan_hf.portrait.makeup import MakeupPipeline
from scfegan_hf.recipes.makeup import SEEN


def face_at(row: dict, side: int) -> AlignedFace:
    """A prepared face as ``side`` pixels square."""
    size = row["image"].shape[0]
    whole = np.array([[0, 0], [0, size], [size, size], [size, 0]], np.float32)
    regions = cv2.resize(row["regions"], (side, side), interpolation=cv2.INTER_NEAREST)
    image, points = cut_frame(row["image"], whole, side), row["landmarks"] * np.float32(side / size)
    return AlignedFace((0, 0, side, side), image, whole * np.float32(side / size), points, regions)


def with_picture(face: AlignedFace, picture: np.ndarray) -> AlignedFace:
    return AlignedFace(face.box, picture, face.frame, face.points, face.regions)


def parts(where: Places) -> dict[str, np.ndarray]:
    """Where figures are taken, bool (H, W)."""
    return {name: np.max([where.mask(layer) for layer in layers], 0) > 0.5 for name, layers in SEEN.items()}


def reinhard(source: np.ndarray, reference: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The source with its pixels ``one`` made as the reference's ``other`` by Lab (Reinhard et al. 2001)."""
    lab, model = (cv2.cvtColor(np.float32(picture) / 255, cv2.COLOR_RGB2LAB) for picture in (source, reference))
    own, wanted = lab[one], model[other]
    lab[one] = (own - own.mean(0)) / np.maximum(own.std(0), 1e-3) * wanted.std(0) + wanted.mean(0)
    return np.rint(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1) * 255).astype(np.uint8)


def by_region(source, reference, own, others, names) -> np.ndarray:
    result = source.copy()
    for name in names:
        if own[name].any() and others[name].any():
            result[own[name]] = reinhard(source, reference, own[name], others[name])[own[name]]
    return result


def histogram_distance(one: np.ndarray, other: np.ndarray) -> float:
    """How far levels have to be moved on average for the one's histograms to be the other's, over the three colours."""
    steps = np.linspace(0, 100, 65)
    return float(np.abs(np.percentile(one, steps, axis=0) - np.percentile(other, steps, axis=0)).mean())


class Ways:
    """By name, what makes a result (H, W, 3) of a source and a reference, both as AlignedFace."""

    def __init__(self, model: str | None):
        self.pipe = MakeupPipeline.from_pretrained(model)

    def carried(self, source: AlignedFace, reference: AlignedFace | None) -> np.ndarray:
        model = None if reference is None else reference.close(self.pipe.network.resolution)
        changed = list(self.pipe._carried(source, model).values())
        result = source.small.copy()
        add_change(result, source, sum(changed[1:], changed[0]))
        return result

    def all(self, source: AlignedFace, reference: AlignedFace) -> dict[str, np.ndarray]:
        one, other = source.small, reference.small
        own, others, whole = parts(source.places), parts(reference.places), np.ones(one.shape[:2], bool)
        return {
            "nothing": one,
            "Reinhard, whole picture": reinhard(one, other, whole, whole),
            "Reinhard by region": by_region(one, other, own, others, ("skin", "eyes", "lips")),
            "Reinhard on lips and eyes": by_region(one, other, own, others, ("eyes", "lips")),
            "network": self.carried(source, reference),
            "pipeline": np.asarray(self.pipe(one, other).image),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--faces", type=int, default=40)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--identity", action="store_true")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    torch.manual_seed(0)
    ways, identity = Ways(options.model), identity_judge() if options.identity else None
    rows = load_rows(options.data, "validation", columns=COLUMNS)
    chosen = np.linspace(0, len(rows) - 1, min(options.faces, len(rows))).astype(int)
    found: dict[str, list[list[float]]] = {}
    strips = []
    for number, row in enumerate(chosen):
        source, other = (decode_landmarked(rows[int(n)]) for n in (row, (row + len(rows) // 2) % len(rows)))
        source, other = face_at(source, options.side), face_at(other, options.side)
        look = STRONG[number % len(STRONG)]
        truth = painted(source.small, look, source.places)
        reference = with_picture(other, painted(other.small, look, places(other.points, other.regions)))
        own, others = parts(source.places), parts(reference.places)
        results = ways.all(source, reference)
        worn = with_picture(source, truth)
        cases = [(name, result, truth) for name, result in results.items()]
        cases += [("removal: nothing", truth, source.small), ("removal: network", ways.carried(worn, None), source.small)]
        for name, result, wanted in cases:
            close = [masked_psnr(result, wanted, own[part]) for part in SEEN]
            alike = [histogram_distance(result[own[part]], reference.small[others[part]]) for part in SEEN]
            alike = [float("nan")] * len(SEEN) if name.startswith("removal") else alike
            same = identity(source.small, result) if identity else float("nan")
            found.setdefault(name, []).append([*close, *alike, same])
        shown = (source.small, reference.small, results["Reinhard by region"], results["network"], results["pipeline"], truth)
        strips.append(strip(list(shown)))
    print(f"{len(chosen)} pairs of {options.side} pixels, layers {', '.join(LAYERS)}\n")
    print("| way | PSNR lips, eyes, skin (dB) | histograms lips, eyes, skin | identity mean, most |\n|---|---|---|---|")
    for name, values in found.items():
        mean, most = np.nanmean(values, 0), np.nanmax(np.array(values)[:, -1]) if identity else float("nan")
        figures = [", ".join(f"{value:.1f}" for value in mean[part]) for part in (slice(0, 3), slice(3, 6))]
        print(f"| {name} | {figures[0]} | {figures[1]} | {mean[6]:.3f}, {most:.3f} |")
    if options.sheet:
        save(np.vstack(strips), options.sheet)


if __name__ == "__main__":
    main()
