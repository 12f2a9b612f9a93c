"""Our Muon beside timm's: time of a step, and how far a generator learns in as many steps of the same samples.

    pip install timm
    python benchmarks/muon.py PREPARED --steps 120

Both take momentum 0.9 by Nesterov, five rounds and Adam for the rest, with steps of one size: timm's are scaled to 0.2 of
the rate, so that its rate is five times ours, and a fifth of that for Adam's part. Losses: mean absolute error in the hole
over the last quarter of the steps, and over held-out samples; time: of this process, so that others count little.
"""

import argparse
import time
from collections.abc import Callable

import torch
from timm.optim.muon import Muon as Theirs

from scfegan_hf.editing.drawn.samples import edit_samples
from scfegan_hf.models.scfegan import SCFEGANGenerator
from scfegan_hf.recipes.scfegan import generate
from scfegan_hf.training.muon import Muon as Ours

RATE = 5e-4


def theirs(parameters) -> torch.optim.Optimizer:
    """timm's, with our settings."""
    return Theirs(
        parameters, lr=5 * RATE, momentum=0.9, nesterov=True, ns_coefficients="original", adjust_lr_fn="match_rms_adamw",
        fallback_lr_scale=0.2, betas=(0.9, 0.999), weight_decay=0.0,
    )  # fmt: skip


KINDS: dict[str, Callable] = {
    "ours": lambda parameters: Ours(parameters, lr=RATE, dtype=torch.float32),
    "timm": theirs,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--width", type=int, default=16)
    options = parser.parse_args()
    torch.set_num_threads(1)
    train, held = (edit_samples(options.data, split, 64, seed=3) for split in ("train", "validation"))
    batches = [collate(train, range(n, n + options.batch)) for n in range(0, options.steps * options.batch, options.batch)]
    judged = collate(held, range(min(32, len(held))))
    print("| Muon | ms a step | loss at the end | held out |\n|---|---:|---:|---:|")
    for name, kind in KINDS.items():
        seconds, losses, last = learn(kind, batches, judged, options.width)
        print(f"| {name} | {1000 * seconds:.1f} | {losses:.4f} | {last:.4f} |", flush=True)


def collate(samples, numbers) -> dict[str, torch.Tensor]:
    return torch.utils.data.default_collate([samples[n] for n in numbers])


def learn(kind: Callable, batches: list[dict], judged: dict, width: int) -> tuple[float, float, float]:
    """Seconds of an optimiser's step, mean loss over the last quarter, and the loss of held-out samples."""
    torch.manual_seed(0)
    network = SCFEGANGenerator.preset("compact", width=width, resolution=64)
    optimizer = kind(network.parameters())
    losses, seconds = [], 0.0
    for batch in batches:
        loss = hole_error(network, batch)
        optimizer.zero_grad()
        loss.backward()
        began = time.process_time()
        optimizer.step()
        seconds += time.process_time() - began
        losses.append(loss.item())
    with torch.no_grad():
        last = hole_error(network, judged).item()
    quarter = losses[-len(losses) // 4 :]
    return seconds / len(batches), sum(quarter) / len(quarter), last


def hole_error(network: SCFEGANGenerator, batch: dict) -> torch.Tensor:
    """Mean absolute error in the holes."""
    mask = batch["mask"]
    return ((generate(network, batch)[1] - batch["image"]).abs() * mask).sum() / (3 * mask.sum())


if __name__ == "__main__":
    main()
