"""Small trainings with changes in one thing or several, on the same footing: the choices behind `compact` and its recipe.

    python benchmarks/ablation.py networks PREPARED [PREPARED ...] --perceptual_weights FILE --out OUT [--steps 150]
    python benchmarks/ablation.py recipe PREPARED --mixed PAINTED --start scfegan_hf/weights --perceptual_weights FILE --out OUT

"networks" changes one thing at a time and prints validation figures after the same number of steps. "recipe" makes 16 trainings
of 16 sets of changes, each change in 8 of them (a two-level design, the rows of a Hadamard matrix), and edits validation faces
with each: without a drawing, with their own, with another face's, and with their own as a hasty hand draws it. The effect of a
change is the mean with it less the mean without it, which takes all 16 trainings; how large an effect comes by chance is told
from the spread of all effects (Lenth 1989). Two changes that matter together only are not told apart from a third.
Running the same command again goes on where it stopped.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from hasty import hasty

from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.benchmark import baselines, figures, judges, tasks
from scfegan_hf.editing.drawn import samples
from scfegan_hf.editing.drawn.drawing import Hand
from scfegan_hf.editing.pipeline import FaceEditPipeline
from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.trainer import Trainer


@dataclass(frozen=True)
class Change:
    """Constructor arguments of the generator, fields of the recipe, the training and the simulated hand, constants of the
    samples, and the share of samples from the folder --mixed."""

    generator: dict = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    hand: dict = field(default_factory=dict)
    samples: dict = field(default_factory=dict)
    mixed: float = 0.0


ADAM = {"optimizer": "adam", "learning_rate": 5e-4}


def plain(**generator) -> Change:
    """The forerunner of `compact`, trained by Adam as it was."""
    return Change(generator, {"preset": "plain", **ADAM, "learning_rate": 3e-4})


NETWORKS = {
    "compact": Change(),
    "compact by Adam": Change(recipe=ADAM),
    "plain by Muon": Change(recipe={"preset": "plain"}),
    "plain by Adam": Change(recipe={"preset": "plain", **ADAM}),
    "compact by Adam, rate 2e-4": Change(recipe={**ADAM, "learning_rate": 2e-4}),
    "twice the rate": Change(recipe={"learning_rate": 1.2e-3}),
    "half the rate": Change(recipe={"learning_rate": 3e-4}),
    "compact, norm rms": Change({"norm": "rms"}),
    "compact, full gates": Change({"gate": "full"}),
    "compact, width 24": Change({"width": 24}),
    "compact, width 48": Change({"width": 48}),
    "compact, deep blocks dilated": Change({"dilations": [1, 2, 1]}),
    "compact, two deep blocks more": Change({"dilations": [1, 1, 1, 1, 1]}),
    "compact, one block a stage": Change({"encoder_blocks": [0, 1, 1], "dilations": [1], "decoder_blocks": [1, 1, 1]}),
    "plain": plain(),
    "full gates, norm lrn": plain(gate="full", norm="lrn"),
    "fill none": plain(fill="none"),
    "fill pyramid": plain(fill="pyramid"),
    "norm rms": plain(norm="rms"),
    "full gates": plain(gate="full"),
    "norm lrn": plain(norm="lrn"),
    "no tenth channel": plain(color_flag=False),
    "width 24": plain(width=24),
    "width 40": plain(width=40),
    "up-convolutions 5x5": plain(upsample_kernel=5),
    "last up-convolution of 3": plain(head_width=3),
    "up-convolutions with gates": plain(upsample_gate="conv"),
    "seven halvings": plain(stages=7),
}
# The flags of docs/training.md for going on from released weights, and what may be changed. Changes number 1 to 15 of the
# design: the order puts what acts on the same thing where pairs of them fall together with what hardly can matter.
GOING_ON = {"beta": 0.03, "projected_beta": 0.06}
CHANGES = {
    "lines not moved": Change(hand={"wobbly": 0.0}),
    "lines all there": Change(hand={"missing": 0.0}),
    "(nothing)": Change(),
    "lines doubled in 30%": Change(hand={"doubled": 0.3}),
    "colours exact": Change(hand={"off": (0.0,)}),
    "a drawing always given": Change(hand={"no_sketch": 0.0, "no_color": 0.0}),
    "(nothing either)": Change(),
    "lines thin": Change(hand={"thick": 0.0}),
    "no discriminator on features": Change(recipe={"projected_beta": 0.0}),
    "colours oversaturated in 30%": Change(hand={"saturated": 0.3}),
    "perceptual loss a third": Change(recipe={"sigma": 0.1}),
    "adversarial weight 0.001": Change(recipe={"beta": 0.001}),
    "style loss a third": Change(recipe={"gamma": 0.05}),
    "crops wide": Change(samples={"AROUND_HOLE": (2.6, 6.4), "FREE_FORM_CROP": (0.6, 1.0)}),
    "a fifth painted portraits": Change(mixed=0.2),
}
RUNS = len(CHANGES) + 1
# Too strong for a design that adds effects up: trained alone, and compared with the run that changes nothing.
ALONE = {
    "linear, not hinge": Change(recipe={**GOING_ON, "hinge": False}),
    "no average of weights": Change(recipe=GOING_ON, training={"ema_decay": 0.0}),
}

# Two edits a face, in turn.
EDITS = (("mouth", "hair"), ("both-eyes", "free-form-20"), ("nose", "half-face"))
HASTY = "hasty "
LENTH = 2.571  # Student's t at 97.5% with 15 / 3 degrees of freedom
# Columns of the table of edits: setting, figure, heading, decimals.
COLUMNS = [
    ("none", "squeezenet_distance", "distance", 4),
    *[(kind, *column) for kind in ("both", "hasty") for column in (
        ("masked_psnr", "PSNR", 3), ("squeezenet_distance", "distance", 4), ("sketch_f1", "F1", 4),
        ("color_difference", "colour", 2), ("squeezenet_frechet", "Fréchet", 2),
    )],
    ("altered", "sketch_f1", "F1", 4), ("altered", "color_difference", "colour", 2),
    ("altered", "squeezenet_frechet", "Fréchet", 2),
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("networks", "recipe"))
    parser.add_argument("data", nargs="+")
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", help="folder of weights to start from; none: from scratch")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--window", type=int, default=0, help="as --window of the recipe")
    parser.add_argument("--variants", nargs="*", default=list(NETWORKS), help="networks: only these")
    parser.add_argument("--mixed", help="recipe: prepared folder of painted portraits")
    parser.add_argument("--faces", type=int, default=33, help="recipe: validation faces to edit, two edits each")
    options = parser.parse_args()
    if options.what == "networks":
        print("| variant | images | masked PSNR (dB) | feature distance | seconds a step |\n|---|---:|---:|---:|---:|")
        for name in options.variants:
            log = train(name.replace(" ", "-").replace(",", ""), NETWORKS[name], options)
            rates = sorted(line["images_per_second"] for line in log if "images_per_second" in line)
            last = [line for line in log if "validation_masked_psnr" in line][-1]
            figures = f"{last['validation_masked_psnr']:.2f} | {last['validation_feature_distance']:.4f}"
            images = options.steps * options.batch
            print(f"| {name} | {images} | {figures} | {options.batch / rates[len(rates) // 2]:.2f} |", flush=True)
        return
    for run in range(RUNS):
        train(f"run-{run:02}", combined(run), options)
        print(f"{run + 1} of {RUNS} trained", flush=True)
    for number, change in enumerate(ALONE.values()):
        train(f"alone-{number}", change, options)
    folders = [*(f"run-{run:02}" for run in range(RUNS)), *(f"alone-{number}" for number in range(len(ALONE)))]
    print(table(judged([options.out / folder for folder in folders], options)))


def changed(run: int, number: int) -> bool:
    """Whether a run of the design makes the change of this number (from 1); run 0 makes none."""
    return (run & number).bit_count() % 2 == 1


def combined(run: int) -> Change:
    """All changes of a run, which also has samples of its own."""
    parts = [change for number, change in enumerate(CHANGES.values(), 1) if changed(run, number)]

    def merged(name: str, start: dict | None = None) -> dict:
        return {key: value for given in (start or {}, *(getattr(part, name) for part in parts)) for key, value in given.items()}

    mixed = max((part.mixed for part in parts), default=0.0)
    return Change({}, merged("recipe", GOING_ON), merged("training", {"seed": run}), merged("hand"), merged("samples"), mixed)


def train(folder: str, change: Change, options: argparse.Namespace) -> list[dict]:
    """Trains with a change unless that is done; its log."""
    out = options.out / folder
    start = json.loads((Path(options.start) / "config.json").read_text()) if options.start else {}
    drawn = type("Drawn", (SCFEGAN,), {"hand": Hand(**change.hand)})
    recipe = drawn(**{
        "perceptual": "squeezenet", "perceptual_weights": options.perceptual_weights, "window": options.window,
        "beta": 0, "generator_options": json.dumps(start | change.generator), **change.recipe,
    })  # fmt: skip
    folders, weights = tuple(options.data), ()
    if change.mixed:
        weights = (*[(1 - change.mixed) / len(folders)] * len(folders), change.mixed)
        folders = (*folders, options.mixed)
    training = TrainConfig(**{
        "output_dir": str(out), "train_data_dir": folders, "train_data_weights": weights, "resolution": 128,
        "pretrained_model_name_or_path": options.start, "train_batch_size": options.batch, "mixed_precision": "bf16",
        "lr_warmup_steps": 30, "ema_decay": 0.98, "max_train_steps": options.steps, "validation_steps": options.steps,
        "checkpointing_steps": 100_000, "logging_steps": 10, "report_to": "none",
        "dataloader_num_workers": 0,  # the change of constants holds in this process only
        "num_validation_images": 64 if options.what == "networks" else 8, **change.training,
    })  # fmt: skip
    with patch.dict(vars(samples), change.samples):
        Trainer(recipe, training).train()
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def make_edits(rows, count: int) -> Iterator[tasks.EditTask]:
    """The benchmark's tasks, and after each the same one with a hasty hand's drawing as its own."""
    for number, face in enumerate(tasks.pick_faces(rows, count)):
        for task in tasks.make_tasks(rows, [face], EDITS[number % len(EDITS)]):
            yield task
            rng = np.random.default_rng((face, tasks.TASKS.index(task.name)))
            yield replace(task, name=HASTY + task.name, own=hasty(task.own, task.mask, rng), altered=None)


def judged(folders: list[Path], options: argparse.Namespace) -> list[dict[str, float]]:
    """By folder, figures by "setting figure"."""
    rows = load_rows(options.data[:1], "validation")
    judge = judges.squeezenet_judge(options.perceptual_weights)
    pipes = {str(folder): baselines.of_pipeline(FaceEditPipeline.from_pretrained(folder)) for folder in folders}
    methods = {name: replace(pipe, seeded=False) for name, pipe in pipes.items()}
    edits = list(make_edits(rows, options.faces))
    usual, hasty = ([task for task in edits if task.name.startswith(HASTY) == which] for which in (False, True))
    found = figures.tabulate(figures.run(usual, methods, ("none", "both", "altered"), [judge]))["all"]
    found["hasty"] = figures.tabulate(figures.run(hasty, methods, ["both"], [judge]))["all"]["both"]
    return [{f"{setting} {figure}": found[setting][name][figure].mean for setting, figure, _, _ in COLUMNS} for name in methods]


def table(found: list[dict[str, float]]) -> str:
    """A row for each change with its effects; bold: larger than come by chance in one of twenty (Lenth 1989).

    ``found``: the runs of the design, then those of ALONE, for which chance is larger: two trainings in place of sixteen.
    """
    found, alone = found[:RUNS], found[RUNS:]
    single = RUNS**0.5 / 2**0.5  # deviation of a difference of two trainings, in parts of an effect's
    heads = [f"{setting}: {heading}" for setting, _, heading, _ in COLUMNS]
    mean, chance, effects = [], [], {name: [] for name in (*CHANGES, *ALONE)}
    for setting, figure, _, decimals in COLUMNS:
        values = np.array([row[f"{setting} {figure}"] for row in found])
        signs = np.array([[1 if changed(run, number) else -1 for run in range(RUNS)] for number in range(1, RUNS)])
        effect = signs @ values / (RUNS / 2)
        sizes = np.abs(effect)
        typical = 1.5 * np.median(sizes)
        margin = LENTH * 1.5 * np.median(sizes[sizes < 2.5 * typical])
        mean.append(f"{values.mean():.{decimals}f}")
        chance.append(f"± {margin:.{decimals}f}")
        differences = [(row[f"{setting} {figure}"] - values[0]) for row in alone]
        for name, size in zip(effects, (*effect, *differences), strict=True):
            text, limit = f"{size:+.{decimals}f}", margin * single if name in ALONE else margin
            effects[name].append(f"**{text}**" if abs(size) > limit else text)
    rows = {"mean of all": mean, "by chance": chance, **effects}
    lines = [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()]
    return "\n".join(["| change | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads), *lines])


if __name__ == "__main__":
    main()
