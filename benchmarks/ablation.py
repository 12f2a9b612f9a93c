"""Small trainings that differ in one thing each, judged by the benchmark of edits: the choices behind `compact` and its recipe.

    python benchmarks/ablation.py PREPARED [PREPARED ...] --perceptual_weights FILE --out OUT [--steps 150]
    python benchmarks/ablation.py PREPARED --perceptual_weights FILE --out OUT --start scfegan_hf/weights --faces 36 ...

Prints a table of validation figures after the same number of steps; with --faces, of edits of that many validation faces of the
first folder, two each: without a drawing, with their own, with another face's, and with their own as a hasty hand draws it.
Running the same command again goes on where it stopped.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np

from scfegan_hf.data import datasets, drawing
from scfegan_hf.evaluation import baselines, benchmark, realism, tasks
from scfegan_hf.files import write_text
from scfegan_hf.pipeline import FaceEditPipeline
from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.trainer import Trainer


@dataclass(frozen=True)
class Variant:
    """What differs: constructor arguments, fields of the recipe, the training and the simulated hand, constants of the samples,
    and the share of samples from the folder --mixed."""

    generator: dict = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    hand: dict = field(default_factory=dict)
    samples: dict = field(default_factory=dict)
    mixed: float = 0.0


NETWORKS = {
    "compact": Variant(),
    "full gates, norm lrn": Variant({"gate": "full", "norm": "lrn"}),
    "fill none": Variant({"fill": "none"}),
    "fill pyramid": Variant({"fill": "pyramid"}),
    "norm rms": Variant({"norm": "rms"}),
    "full gates": Variant({"gate": "full"}),
    "norm lrn": Variant({"norm": "lrn"}),
    "no tenth channel": Variant({"color_flag": False}),
    "width 24": Variant({"width": 24}),
    "width 40": Variant({"width": 40}),
    "up-convolutions 5x5": Variant({"upsample_kernel": 5}),
    "last up-convolution of 3": Variant({"head_width": 3}),
    "up-convolutions with gates": Variant({"upsample_gate": "conv"}),
    "seven halvings": Variant({"stages": 7}),
}
# Against "as it is", the flags of docs/training.md for going on from the released weights; REPEATS of it tell the noise.
AS_IT_IS = {"beta": 0.03, "projected_beta": 0.06}
REPEATS = {f"as it is, seed {seed}": Variant(recipe=AS_IT_IS, training={"seed": seed}) for seed in (0, 1, 2, 3)}
TRAINING = REPEATS | {
    "no perceptual loss": Variant(recipe={**AS_IT_IS, "sigma": 0.0}),
    "no style loss": Variant(recipe={**AS_IT_IS, "gamma": 0.0}),
    "style loss x 4": Variant(recipe={**AS_IT_IS, "gamma": 0.6}),
    "no discriminator": Variant(recipe={"beta": 0.0}),
    "no discriminator on features": Variant(recipe={"beta": 0.03}),
    "discriminator on features x 3": Variant(recipe={**AS_IT_IS, "projected_beta": 0.18}),
    "linear, not hinge": Variant(recipe={**AS_IT_IS, "hinge": False}),
    "crops wide": Variant(recipe=AS_IT_IS, samples={"AROUND_HOLE": (3.2, 6.4), "FREE_FORM_CROP": (0.75, 1.0)}),
    "crops close": Variant(recipe=AS_IT_IS, samples={"AROUND_HOLE": (1.3, 1.6), "FREE_FORM_CROP": (0.25, 0.4)}),
    "lines exact": Variant(recipe=AS_IT_IS, hand={"wobbly": 0.0, "missing": 0.0, "thick": 0.0}),
    "lines moved three times as far": Variant(recipe=AS_IT_IS, hand={"wobbly": 0.7, "wobble": (0.6, 3.0)}),
    "lines doubled": Variant(recipe=AS_IT_IS, hand={"doubled": 0.3}),
    "lines never missing": Variant(recipe=AS_IT_IS, hand={"missing": 0.0}),
    "colours exact": Variant(recipe=AS_IT_IS, hand={"off": (0.0,)}),
    "colours oversaturated": Variant(recipe=AS_IT_IS, hand={"saturated": 0.3}),
    "drawing always given": Variant(recipe=AS_IT_IS, hand={"no_sketch": 0.0, "no_color": 0.0}),
    "drawing often left out": Variant(recipe=AS_IT_IS, hand={"no_sketch": 0.3, "no_color": 0.35}),
    "a fifth painted portraits": Variant(recipe=AS_IT_IS, mixed=0.2),
    "no average of weights": Variant(recipe=AS_IT_IS, training={"ema_decay": 0.0}),
}
VARIANTS = NETWORKS | TRAINING

# Two edits a face, in turn.
EDITS = (("mouth", "hair"), ("both-eyes", "free-form-20"), ("nose", "half-face"))
SETTINGS = ("none", "both", "altered", "hasty")
# Columns of the table of edits: setting, figure, heading, decimals.
COLUMNS = [
    ("none", "squeezenet_distance", "distance", 3),
    *[(kind, *column) for kind in ("both", "hasty") for column in (
        ("masked_psnr", "PSNR", 2), ("squeezenet_distance", "distance", 3), ("sketch_f1", "F1", 3),
        ("color_difference", "colour", 2), ("squeezenet_frechet", "Fréchet", 2),
    )],
    ("altered", "sketch_f1", "F1", 3), ("altered", "color_difference", "colour", 2),
    ("altered", "squeezenet_frechet", "Fréchet", 2),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", help="weights to start from, as --pretrained_model_name_or_path; none: from scratch")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--window", type=int, default=0, help="as --window of the recipe")
    parser.add_argument("--mixed", help="prepared folder of other pictures, for the variants that mix some in")
    parser.add_argument("--faces", type=int, default=0, help="validation faces to edit; 0: validation figures only")
    parser.add_argument("--variants", nargs="*", default=list(NETWORKS), help=f"of: {', '.join(VARIANTS)}")
    options = parser.parse_args()
    if options.faces == 0:
        print("| variant | images | masked PSNR (dB) | feature distance | seconds a step |\n|---|---:|---:|---:|---:|")
        for name in options.variants:
            figures = train(name, options)
            print(f"| {name} | {options.steps * options.batch} | {figures} |", flush=True)
        return
    options.out.mkdir(parents=True, exist_ok=True)
    rows = datasets.load_rows(options.data[:1], "validation")
    judge = realism.squeezenet_judge(options.perceptual_weights)
    edits = list(make_edits(rows, options.faces))
    found = {"start": judged(options.start, edits, judge, options.out / "start.json")} if options.start else {}
    for name in options.variants:
        train(name, options)
        found[name] = judged(folder_of(name, options), edits, judge, folder_of(name, options) / "judged.json")
        print(f"{name}: judged", flush=True)
    print(table(found))


def folder_of(name: str, options: argparse.Namespace) -> Path:
    return options.out / name.replace(" ", "-").replace(",", "")


def train(name: str, options: argparse.Namespace) -> str:
    """Trains one variant unless that is done. Cells of its validation figures and seconds a step (median)."""
    variant, out = VARIANTS[name], folder_of(name, options)
    recipe = SCFEGAN(**{
        "perceptual": "squeezenet", "perceptual_weights": options.perceptual_weights, "window": options.window,
        "learning_rate": 3e-4, "generator_options": json.dumps(variant.generator), **variant.recipe,
    })  # fmt: skip
    folders, weights = tuple(options.data), ()
    if variant.mixed:
        weights = (*[(1 - variant.mixed) / len(folders)] * len(folders), variant.mixed)
        folders = (*folders, options.mixed)
    training = TrainConfig(**{
        "output_dir": str(out), "train_data_dir": folders, "train_data_weights": weights, "resolution": 128,
        "pretrained_model_name_or_path": options.start, "train_batch_size": options.batch, "mixed_precision": "bf16",
        "lr_warmup_steps": 30, "ema_decay": 0.98, "max_train_steps": options.steps, "validation_steps": options.steps,
        "checkpointing_steps": 100_000, "logging_steps": 10, "report_to": "none",
        "dataloader_num_workers": 0,  # the variant's constants hold in this process only
        "num_validation_images": 8 if options.faces else 64, **variant.training,
    })  # fmt: skip
    hand = replace(drawing.HAND, **variant.hand)
    with patch.object(drawing, "HAND", hand), patch.dict(vars(datasets), variant.samples):
        Trainer(recipe, training).train()
    log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    rates = sorted(line["images_per_second"] for line in log if "images_per_second" in line)
    last = [line for line in log if "validation_masked_psnr" in line][-1]
    seconds = options.batch / rates[len(rates) // 2]
    return f"{last['validation_masked_psnr']:.2f} | {last['validation_feature_distance']:.4f} | {seconds:.2f}"


def make_edits(rows, count: int) -> Iterator[tasks.EditTask]:
    """The benchmark's tasks, and after each the same one with a hasty hand's drawing as its own."""
    for number, face in enumerate(tasks.pick_faces(rows, count)):
        for task in tasks.make_tasks(rows, [face], EDITS[number % len(EDITS)]):
            yield task
            rng = np.random.default_rng((face, tasks.TASKS.index(task.name)))
            yield replace(task, name=f"hasty {task.name}", own=hasty(task.own, task.mask, rng), altered=None)


def hasty(drawn: tasks.Drawing, mask: np.ndarray, rng: np.random.Generator) -> tasks.Drawing:
    """Lines off by some pixels, bent, thick, with gaps, some drawn twice; colours too strong, too light or dark, uneven."""
    side = mask.shape[0]
    lines = drawn.sketch.astype(np.uint8)
    count, labels = cv2.connectedComponents(lines, connectivity=8)
    result = np.zeros_like(lines)
    for label in range(1, count):
        for _ in range(1 + (rng.random() < 0.3)):
            result |= _bent((labels == label).astype(np.uint8), rng, side / 150)
    gaps = (rng.random(mask.shape) < 40 / side**2).astype(np.uint8)
    result[cv2.dilate(gaps, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side // 25,) * 2)) > 0] = 0
    thickness = int(rng.integers(2, 5))
    result = cv2.dilate(result, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thickness, thickness)))

    color = drawn.color[..., :3].astype(np.float32)
    grey = color.mean(2, keepdims=True)
    color = grey + rng.uniform(1.2, 1.8) * (color - grey) + rng.normal(0, 10)
    color += cv2.resize(rng.normal(0, 10, (side // 32, side // 32)).astype(np.float32), mask.shape[::-1])[..., None]
    color = np.dstack([np.clip(color, 0, 255).astype(np.uint8), drawn.color[..., 3]])
    return tasks.Drawing((result > 0) & mask, color)


def _bent(line: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
    """Moved as a whole and bent, by ``reach`` pixels each (standard deviation)."""
    side = line.shape[0]
    field = rng.normal(0, reach, (8, 8, 2)) + rng.normal(0, reach, 2)
    field = cv2.resize(field.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    return cv2.remap(line, x + field[..., 0], y + field[..., 1], cv2.INTER_NEAREST)


def judged(weights: Path | str, edits: list[tasks.EditTask], judge: realism.Judge, kept: Path) -> dict[str, float]:
    """Figures by "setting figure", from ``kept`` if they are there."""
    if kept.is_file():
        return json.loads(kept.read_text())
    pipe = baselines.of_pipeline(FaceEditPipeline.from_pretrained(weights))
    figures = {}
    for setting in SETTINGS:
        chosen = [task for task in edits if task.name.startswith("hasty ") == (setting == "hasty")]
        kind = "both" if setting == "hasty" else setting
        found = benchmark.run(chosen, {"": replace(pipe, seeded=False)}, [kind], [judge])
        cell = benchmark.tabulate(found)["all"][kind][""]
        figures |= {f"{setting} {name}": figure.mean for name, figure in cell.items()}
    write_text(kept, json.dumps(figures, indent=1))
    return figures


def table(found: dict[str, dict[str, float]]) -> str:
    """A row for each variant; bold: further from the mean of the repeats than three of their standard deviations."""
    repeats = [found.pop(name) for name in list(found) if name in REPEATS]
    mean, deviation = {}, {}
    for setting, figure, _, _ in COLUMNS:
        key = f"{setting} {figure}"
        values = [row[key] for row in repeats] or [np.nan]
        mean[key], deviation[key] = np.mean(values), np.std(values, ddof=1) if len(values) > 1 else np.inf
    lines = [
        "| variant | " + " | ".join(f"{setting}: {heading}" for setting, _, heading, _ in COLUMNS) + " |",
        "|---|" + "---:|" * len(COLUMNS),
    ]

    def line(name: str, row: dict[str, float], marked: bool = True) -> None:
        cells = []
        for setting, figure, _, decimals in COLUMNS:
            key = f"{setting} {figure}"
            text = f"{row[key]:.{decimals}f}"
            far = marked and abs(row[key] - mean[key]) > 3 * deviation[key]
            cells.append(f"**{text}**" if far else text)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")

    if len(repeats) > 1:
        line(f"as it is, mean of {len(repeats)}", mean, marked=False)
        line("standard deviation of these", deviation, marked=False)
    for name, row in found.items():
        line(name, row)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
