"""How far judges who taught nothing see attributes move, and how near smiles come to the real ones.

    python benchmarks/attributes.py PREPARED --pairs PAIRS --lpips-weights FILE [--runner FILE.py --age MODEL.json --mood
        MODEL.json] [--model FOLDER] [--faces 40] [--side 512] [--sheet SHEET.jpg]

PREPARED: faces whose held-out rows are measured, by the pipeline at its own landmarks; PAIRS: what `attribute_pairs.py` wrote.
RUNNER: a file with `Graph(path)`, which runs TensorFlow.js models: --age gives years and P(male), --mood P(happy). Identity is
dlib's distance to the face as it was: mean and 95%. "mean step" is the baseline: the mean difference of the training pairs of
an attribute, added to the close square.
"""

import argparse
import importlib.util
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import torch
from enlarging import identity_judge
from gallery import save, strip

from scfegan_hf.data.rows import decode_row, load_rows
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.lpips import lpips_network
from scfegan_hf.models.stargan import ATTRIBUTES, change_face, rim
from scfegan_hf.portrait.attributes import MOST, AttributePipeline
from scfegan_hf.recipes.stargan import COLUMNS, pair_sample

SHOWN = 8
AGE_BOX, MOOD_BOX = (0.15, 0.15, 0.85, 0.95), (0.2, 0.22, 0.8, 0.88)  # crops of a frame that the judges look at


class Judges:
    """Years, P(male) and P(happy) of a face in an FFHQ frame, uint8 (H, W, 3)."""

    def __init__(self, runner: str, age: str, mood: str):
        spec = importlib.util.spec_from_file_location("runner", runner)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.age, self.mood = module.Graph(age), module.Graph(mood)
        names = self.mood.n
        self.classes = next(name for name, node in reversed(names.items()) if node["op"] in ("Softmax", "Identity"))

    def __call__(self, face: np.ndarray) -> dict[str, float]:
        rgb = torch.from_numpy(crop(face, AGE_BOX, 224)).float()[None]
        male, years = self.age(rgb, ["gender_pred/Sigmoid", "age_pred/Softmax"])
        grey = cv2.cvtColor(crop(face, MOOD_BOX, 64), cv2.COLOR_RGB2GRAY).astype(np.float32) / 127.5 - 1
        moods = self.mood(torch.from_numpy(grey)[None, ..., None], [self.classes])[0].flatten()
        years = years.flatten()
        return {
            "age": float((years * torch.arange(len(years))).sum()),
            "features": float(male.flatten()[0]),
            "smile": float(moods[3]),
        }


def crop(face: np.ndarray, box: tuple[float, ...], side: int) -> np.ndarray:
    height, width = face.shape[:2]
    x0, y0, x1, y1 = (round(part * size) for part, size in zip(box, (width, height) * 2, strict=True))
    return cv2.resize(face[y0:y1, x0:x1], (side, side), interpolation=cv2.INTER_AREA)


def on_faces(pipe: AttributePipeline, rows, options: argparse.Namespace) -> None:
    identity = identity_judge()
    judges = Judges(options.runner, options.age, options.mood) if options.runner else None
    found, strips, missed = defaultdict(list), [], 0
    for number in np.linspace(0, len(rows) - 1, min(options.faces, len(rows))).astype(int):
        picture = decode_row(rows[int(number)])["image"]
        face = cv2.resize(picture, (options.side, options.side), interpolation=cv2.INTER_AREA)
        looked = pipe.look(face)
        if not looked.faces:
            missed += 1
            continue
        before, shown = judges(face) if judges else {}, [face]
        for name in ("smile",):
            for value in (-MOST, MOST):
                result = pipe(looked, **{name: value})
                after = np.asarray(result.image)
                if (after[~result.mask] != face[~result.mask]).any():
                    raise AssertionError("Something changed outside the mask.")
                shown.append(after)
                moved = judges(after)[name] - before[name] if judges else float("nan")
                found[name, value].append((moved, identity(face, after), before.get(name, float("nan"))))
        strips.append(strip(shown))
    print(f"{len(strips)} faces of {options.side} pixels, {missed} not found\n")
    print("| attribute | judge moved | identity mean, 95% |\n|---|---|---|")
    for (name, value), figures in found.items():
        figures = np.array(figures)
        same = figures[:, 1][~np.isnan(figures[:, 1])]
        if judges and name == "smile":  # of those who did not smile, or did
            figures = figures[(figures[:, 2] < 0.5) == (value > 0)]
        alike = f"{same.mean():.3f}, {np.quantile(same, 0.95):.3f}"
        print(f"| {name} {value:+g} | {figures[:, 0].mean():+.2f} ({len(figures)}) | {alike} |")
    if options.sheet:
        save(np.vstack(strips[:SHOWN]), options.sheet)


def on_pairs(pipe: AttributePipeline, options: argparse.Namespace) -> None:
    features, side = lpips_network(options.lpips_weights), pipe.network.resolution
    oval = rim(side)[None, None]
    samples = {}
    for split in ("train", "validation"):
        rows = load_rows([options.pairs], split, columns=COLUMNS)
        samples[split] = [pair_sample(decode_row(row), 0, side=side, seed=0, train=False) for row in rows]
    found = defaultdict(list)
    for number, name in enumerate(ATTRIBUTES):
        steps = [each for each in samples["train"] if each["steps"][number] == 1]
        mean_step = torch.stack([each["target"] - each["source"] for each in steps]).mean(0)
        for each in samples["validation"]:
            if each["steps"][number] != 1:
                continue
            source, truth = each["source"][None], each["target"][None]
            with torch.inference_mode():
                ours = change_face(source, pipe.network(source, each["steps"][None])).clamp(-1, 1)
                true = features(truth)
                for way, result in (("the copy", source), ("mean step", source + mean_step * oval), ("network", ours)):
                    found[name, way].append(lpips(features(result.clamp(-1, 1)), true, features.heads, oval).item())
    print("\n| held-out pairs, LPIPS to the truth | copy | mean step | network |\n|---|---|---|---|")
    for name in ATTRIBUTES:
        means = (f"{np.mean(found[name, way]):.4f}" for way in ("the copy", "mean step", "network"))
        print(f"| {name} ({len(found[name, 'network'])}) | {' | '.join(means)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--pairs", required=True)
    parser.add_argument("--lpips-weights", required=True)
    parser.add_argument("--runner")
    parser.add_argument("--age")
    parser.add_argument("--mood")
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--faces", type=int, default=40)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    pipe = AttributePipeline.from_pretrained(options.model)
    on_faces(pipe, load_rows(options.data, "validation", columns=("image",)), options)
    on_pairs(pipe, options)


if __name__ == "__main__":
    main()
