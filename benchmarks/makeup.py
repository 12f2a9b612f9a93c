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
from enlarging import identity_judge
from gallery import save, strip

from scfegan_hf.data.rows import load_rows
from scfegan_hf.evaluation.closeness import masked_psnr
from scfegan_hf.faces.align import cut_frame
from scfegan_hf.faces.made_up import COLUMNS, STRONG, decode_landmarked
from scfegan_hf.faces.makeup import painted
from scfegan_hf.faces.makeup_places import Places
from scfegan_hf.portrait.faces import AlignedFace, add_change
from scfegan_hf.portrait.makeup import MakeupPipeline
from scfegan_hf.recipes.makeup import SEEN

SHOWN = 8  # pairs on the sheet: photograph, reference, Reinhard by region, network, pipeline, truth


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


def table(found: dict[str, list[list[float]]]) -> str:
    """Means by way; of identity the largest too."""
    lines = ["| way | PSNR lips, eyes, skin (dB) | histograms lips, eyes, skin | identity mean, most |", "|---|---|---|---|"]
    for name, values in found.items():
        figures = np.array(values)
        close, alike = (", ".join(f"{value:.1f}" for value in figures[:, part].mean(0)) for part in (slice(0, 3), slice(3, 6)))
        same = figures[:, 6][~np.isnan(figures[:, 6])]
        identity = f"{same.mean():.3f}, {same.max():.3f}" if same.size else ""
        close = "" if name == "truth" else close
        lines.append(f"| {name} | {close} | {alike.replace('nan, nan, nan', '')} | {identity} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--faces", type=int, default=40)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--identity", action="store_true")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    ways, identity = Ways(options.model), identity_judge() if options.identity else None
    rows = load_rows(options.data, "validation", columns=COLUMNS)
    chosen = np.linspace(0, len(rows) - 1, min(options.faces, len(rows))).astype(int)
    found: dict[str, list[list[float]]] = {}
    strips = []
    for number, row in enumerate(chosen):
        pair = (decode_landmarked(rows[int(n)]) for n in (row, (row + len(rows) // 2) % len(rows)))
        source, other = (face_at(face, options.side) for face in pair)
        look = STRONG[number % len(STRONG)]
        truth = painted(source.small, look, source.places)
        reference = with_picture(other, painted(other.small, look, other.places))
        own, others = parts(source.places), parts(reference.places)
        results = ways.all(source, reference)
        cases = [(name, result, truth) for name, result in results.items()]
        bare = ways.carried(with_picture(source, truth), None)
        cases += [("truth", truth, truth), ("removal: nothing", truth, source.small), ("removal: network", bare, source.small)]
        for name, result, wanted in cases:
            close = [masked_psnr(result, wanted, own[part]) for part in SEEN]
            alike = [histogram_distance(result[own[part]], reference.small[others[part]]) for part in SEEN]
            alike = [float("nan")] * len(SEEN) if name.startswith("removal") else alike
            found.setdefault(name, []).append([*close, *alike, identity(source.small, result) if identity else float("nan")])
        shown = (results["Reinhard by region"], results["network"], results["pipeline"])
        strips.append(strip([source.small, reference.small, *shown, truth]))
    print(f"{len(chosen)} pairs of {options.side} pixels\n\n{table(found)}")
    if options.sheet:
        save(np.vstack(strips[:SHOWN]), options.sheet)


if __name__ == "__main__":
    main()
