"""Eight experiments of a thesis on pix2pix, trained one after another on as many samples each, and judged on held-out faces.

    python benchmarks/thesis.py PREPARED [PREPARED ...] --out FOLDER --features SQUEEZENET --lpips-weights ALEXNET
        [--samples 4000] [--resolution 64] [--width 16] [--at-once 1] [--sheet SHEET.png]

The networks are the published ones of --width channels. Three experiments learn from lines as people draw them, by Adam and SGD
and in batches of 1 and 32; five from Canny's lines: with two sevenths of the faces and with all, with the background and
without, by absolute and by squared errors, without a plane of noise and with. Two are not the thesis's: learned lines, and
batches of 32 with four times the samples. The same command with more --samples goes on from what it has. Every experiment is
judged on its own kind of lines, by the head alone: behind it all pictures are made grey. PSNR and SSIM of the light, LPIPS by
AlexNet at 128 pixels; Fréchet distance to the training faces by means of SqueezeNet's features; the Inception score by
SqueezeNet's classes. Intervals (95%) of differences in LPIPS are of resampled faces: they do not tell what another start of the
training would have given. The sheet has faces of the first folder.
"""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from gallery import save, strip
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import default_collate

from scfegan_hf.data.rows import COLUMNS, load_rows
from scfegan_hf.editing.drawn.lines import BACKDROP, lines_sample
from scfegan_hf.evaluation import sets
from scfegan_hf.evaluation.closeness import light_psnr, light_ssim
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.features import Fire, feature_network
from scfegan_hf.models.lpips import lpips_network
from scfegan_hf.models.pix2pix import PublishedUNet
from scfegan_hf.recipes.pix2pix import Pix2Pix, drawn

TRAINER = Path(__file__).resolve().parents[1] / "train_accelerate.py"
LOOKED, SHOWN, TILE, RESAMPLED = 128, 8, 128, 2000
FEW = 2 / 7  # of the faces: the thesis had 2,000 and 7,000


@dataclass(frozen=True)
class Experiment:
    recipe: Pix2Pix
    few: bool = False
    batch: int = 1
    longer: int = 1  # times the samples


DRAWN = Pix2Pix(preset="paper", lines="hand", colors=0.0, noise=False)
EDGES = replace(DRAWN, lines="canny")
BARE = replace(EDGES, background="remove")
SQUARED = replace(BARE, pixel_loss="l2")
SGD = replace(DRAWN, optimizer="sgd", paper_learning_rate=0.01)  # Keras's rate: the thesis names none
EXPERIMENTS = {
    "drawn 1: Adam, batch 1": Experiment(DRAWN),
    "drawn 2: batch 32": Experiment(DRAWN, batch=32),
    "drawn 3: SGD, batch 1": Experiment(SGD),
    "edges 1: few faces, L1": Experiment(EDGES, few=True),
    "edges 2: background removed": Experiment(BARE, few=True),
    "edges 3: all faces": Experiment(BARE),
    "edges 4: L2": Experiment(SQUARED),
    "edges 5: noise": Experiment(replace(SQUARED, noise=True)),
    "edges 3 by learned lines": Experiment(replace(BARE, lines="learned")),
    "drawn 2 with 4 times the samples": Experiment(DRAWN, batch=32, longer=4),
}
BEFORE = {  # what each differs from in one thing
    "drawn 2: batch 32": "drawn 1: Adam, batch 1",
    "drawn 3: SGD, batch 1": "drawn 1: Adam, batch 1",
    "edges 2: background removed": "edges 1: few faces, L1",
    "edges 3: all faces": "edges 2: background removed",
    "edges 4: L2": "edges 3: all faces",
    "edges 5: noise": "edges 4: L2",
    "edges 3 by learned lines": "edges 3: all faces",
    "drawn 2 with 4 times the samples": "drawn 2: batch 32",
}


def folder_of(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def flags_of(recipe: Pix2Pix) -> list[str]:
    """What the command line needs to make this recipe."""
    flags, plain = [], Pix2Pix()
    for each in fields(recipe):
        value = getattr(recipe, each.name)
        if value != getattr(plain, each.name):
            flags += [f"--no_{each.name}"] if value is False else [f"--{each.name}", str(value)]
    return flags


def portion(data: list[str], share: float, out: Path) -> None:
    """Make a folder with ``share`` of the training rows, spread over all of them, and with the validation rows."""
    if not out.is_dir():
        (out / "data").mkdir(parents=True)
        rows = load_rows(data, "train")
        chosen = np.linspace(0, len(rows) - 1, round(share * len(rows))).astype(int)
        load_rows(data, "validation").to_parquet(str(out / "data" / "validation-00000.parquet"))
        rows.select(chosen).to_parquet(str(out / "data" / "train-00000.parquet"))


def train(name: str, options: argparse.Namespace) -> float:
    """Go on to the samples asked for. Returns the hours that it took so far."""
    experiment, out = EXPERIMENTS[name], options.out / folder_of(name)
    data = [str(options.out / "few")] if experiment.few else options.data
    steps = options.samples * experiment.longer // experiment.batch
    how = {
        "resolution": options.resolution, "train_batch_size": experiment.batch, "max_train_steps": steps, "ema_decay": 0,
        "lr_warmup_steps": 0, "num_validation_images": 8, "validation_steps": 10**6, "checkpointing_steps": 10**6,
        "dataloader_num_workers": 0, "report_to": "none", "output_dir": out,
    }  # fmt: skip
    flags = [*flags_of(replace(experiment.recipe, width=options.width)), "--train_data_dir", *data]
    flags += [part for name, value in how.items() for part in (f"--{name}", str(value))]
    out.mkdir(parents=True, exist_ok=True)
    with (out / "output.txt").open("a") as log:
        subprocess.run([sys.executable, TRAINER, "pix2pix", *flags], stdout=log, stderr=log, check=True, start_new_session=True)
    hours = sum(json.loads(line)["hours"] for line in (out / "stretches.jsonl").read_text().splitlines())
    print(f"{name}: {hours * 60:.1f} minutes", file=sys.stderr, flush=True)
    return hours


class Classes(nn.Module):
    """Probabilities (N, 1000) of SqueezeNet 1.0's classes for pictures (N, 3, H, W) in [-1, 1]."""

    def __init__(self, weights: Path):
        super().__init__()
        self.features = feature_network("squeezenet", weights)
        self.fire9, self.conv_final = Fire(512, 64, 256), nn.Conv2d(512, 1000, 1)
        stored = {name: value.float() for name, value in load_file(weights).items()}
        for name in ("fire9", "conv_final"):
            own = {key.removeprefix(f"{name}."): value for key, value in stored.items() if key.startswith(f"{name}.")}
            getattr(self, name).load_state_dict(own)

    def forward(self, pictures: Tensor) -> Tensor:
        enlarged = F.interpolate(pictures, (LOOKED, LOOKED), mode="bilinear")
        hidden = F.max_pool2d(self.features(enlarged)[-1], 3, stride=2, ceil_mode=True)
        return F.relu(self.conv_final(self.fire9(hidden))).mean((2, 3)).softmax(1)


@dataclass(frozen=True)
class Judges:
    close: nn.Module
    classes: Classes
    known: np.ndarray  # vectors of the training faces

    @torch.inference_mode()
    def of_set(self, pictures: Tensor) -> tuple[float, float]:
        """Fréchet distance to the training faces, and the classes' score."""
        parts = pictures.split(32)
        vectors = torch.cat([sets.vectors(self.classes.features, part) for part in parts]).numpy()
        answers = torch.cat([self.classes(part) for part in parts]).numpy()
        return sets.frechet_distance(vectors, self.known), sets.inception_score(answers)

    @torch.inference_mode()
    def of_pairs(self, pictures: Tensor, truths: Tensor) -> np.ndarray:
        """PSNR (dB), SSIM and LPIPS (N, 3)."""
        figures = []
        for picture, truth in zip(pictures, truths, strict=True):
            both = [F.interpolate(each[None], (LOOKED, LOOKED), mode="bilinear") for each in (picture, truth)]
            apart = lpips(*map(self.close, both), self.close.heads).item()
            arrays = [pixels(each) for each in (picture, truth)]
            figures.append((light_psnr(*arrays), light_ssim(*arrays), apart))
        return np.array(figures)


def pixels(picture: Tensor) -> np.ndarray:
    return ((picture + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


def heads(pictures: Tensor, rows: list[dict]) -> Tensor:
    """The same with grey behind the heads."""
    size = pictures.shape[-2:]
    regions = np.stack([cv2.resize(row["regions"], size, interpolation=cv2.INTER_NEAREST) for row in rows])
    behind = torch.from_numpy(regions == REGIONS.index("background"))[:, None]
    return torch.where(behind, BACKDROP / 127.5 - 1, pictures)


def photographs(rows: list[dict], resolution: int) -> Tensor:
    return torch.stack([lines_sample(row, 0, resolution=resolution, seed=0)["image"] for row in rows])


@torch.inference_mode()
def answers(experiment: Experiment, folder: Path, rows: list[dict], resolution: int) -> tuple[Tensor, Tensor]:
    """Lines (N, 1, R, R) and what the network makes of them (N, 3, R, R), in batches as it was trained."""
    network, recipe = PublishedUNet.from_pretrained(folder), experiment.recipe
    torch.manual_seed(0)
    how = {"resolution": resolution, "seed": 0, "source": recipe.lines, "background": recipe.background == "keep"}
    samples = [lines_sample(row, n, **how, noise=recipe.noise) for n, row in enumerate(rows)]
    batches = [default_collate(samples[at : at + experiment.batch]) for at in range(0, len(samples), experiment.batch)]
    made = torch.cat([network(drawn(batch)) for batch in batches])
    return torch.cat([batch["sketch"] for batch in batches]), made


def interval(differences: np.ndarray) -> tuple[float, float]:
    """Within which 95% of the means of resampled faces lie."""
    rng = np.random.default_rng(0)
    means = [rng.choice(differences, len(differences)).mean() for _ in range(RESAMPLED)]
    return tuple(np.percentile(means, (2.5, 97.5)))


def tiles(pictures: Tensor) -> np.ndarray:
    return strip([cv2.resize(pixels(each), (TILE, TILE), interpolation=cv2.INTER_CUBIC) for each in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--lpips-weights", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--at-once", type=int, default=1, help="trainings beside each other")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    portion(options.data, FEW, options.out / "few")
    with ThreadPoolExecutor(options.at_once) as workers:
        hours = dict(zip(EXPERIMENTS, workers.map(lambda name: train(name, options), EXPERIMENTS), strict=True))
    judge(hours, options)


def read(data: list[str], split: str) -> list[dict]:
    return [decode_face(row) for row in load_rows(data, split)]


def judge(hours: dict[str, float], options: argparse.Namespace) -> None:
    side, rows = options.resolution, read(options.data, "validation")
    training = read(options.data, "train")
    classes = Classes(options.features).eval()
    with torch.inference_mode():
        parts = heads(photographs(training, side), training).split(32)
        known = torch.cat([sets.vectors(classes.features, part) for part in parts]).numpy()
    judges = Judges(lpips_network(options.lpips_weights), classes, known)
    truths = heads(photographs(rows, side), rows)
    shown = np.linspace(0, len(load_rows(options.data[:1], "validation", columns=COLUMNS)) - 1, SHOWN).astype(int)
    sheet, apart = [tiles(truths[shown])], {}
    print("| experiment | samples | minutes | PSNR dB | SSIM | LPIPS | Fréchet | classes' score |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, experiment in EXPERIMENTS.items():
        lines, made = answers(experiment, options.out / folder_of(name), rows, side)
        made = heads(made, rows)
        figures = judges.of_pairs(made, truths)
        psnr, ssim, apart[name] = figures[:, 0].mean(), figures[:, 1].mean(), figures[:, 2]
        frechet, score = judges.of_set(made)
        taught = f"{options.samples * experiment.longer:,} | {hours[name] * 60:.1f}"
        print(f"| {name} | {taught} | {psnr:.2f} | {ssim:.3f} | {apart[name].mean():.3f} | {frechet:.2f} | {score:.2f} |")
        sheet += [tiles(1 - 2 * lines[shown].expand(-1, 3, -1, -1)), tiles(made[shown])]
    frechet, score = judges.of_set(truths)
    print(f"| held-out photographs | | | | | | {frechet:.2f} | {score:.2f} |")
    print("\n| beside | LPIPS changes by | 95% of resampled faces |\n|---|---:|---|")
    for name, before in BEFORE.items():
        low, high = interval(apart[name] - apart[before])
        change = (apart[name] - apart[before]).mean()
        print(f"| {before} → {name} | {change:+.3f} | {low:+.3f} to {high:+.3f} |")
    if options.sheet:
        save(np.vstack(sheet), options.sheet)


if __name__ == "__main__":
    main()
