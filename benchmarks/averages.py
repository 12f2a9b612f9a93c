"""How long the weights' average should be: one training, several averages of it, judged on the same validation samples.

    python benchmarks/averages.py PREPARED [PREPARED ...] --start WEIGHTS --perceptual_weights FILE --out OUT [--steps 400]

Goes on from weights at 128 pixels, once with a constant learning rate and once with a cosine, without discriminators. An
average of length N keeps 1 - 1/N of itself each step; length 1 is the trained weights themselves.
"""

import argparse
import copy
from pathlib import Path
from unittest.mock import patch

import torch

from scfegan_hf.recipe import Sources
from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.training import schedule
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.trainer import Trainer
from scfegan_hf.training.validation import validate, validation_batches

LENGTHS = (1, 10, 30, 100, 300, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=8)
    options = parser.parse_args()
    print("| learning rate | length of the average | masked PSNR (dB) | feature distance |\n|---|---:|---:|---:|")
    for kind in ("constant", "cosine"):
        for length, figures in lengths(kind, options).items():
            psnr, distance = figures["validation_masked_psnr"], figures["validation_feature_distance"]
            print(f"| {kind} | {length} | {psnr:.3f} | {distance:.4f} |", flush=True)


def lengths(kind: str, options: argparse.Namespace) -> dict[int, dict[str, float]]:
    """Validation figures of a training's averages, by length."""
    recipe = SCFEGAN(
        generator_options=(options.start / "config.json").read_text(), perceptual="squeezenet", beta=0, window=64,
        perceptual_weights=options.perceptual_weights,
    )  # fmt: skip
    config = TrainConfig(
        output_dir=str(options.out / kind), train_data_dir=tuple(options.data), resolution=128, lr_scheduler=kind,
        pretrained_model_name_or_path=str(options.start), train_batch_size=options.batch, mixed_precision="bf16",
        lr_warmup_steps=30, max_train_steps=options.steps, validation_steps=10 * options.steps, logging_steps=20,
        checkpointing_steps=10 * options.steps, report_to="none", dataloader_num_workers=1, num_validation_images=64,
    )  # fmt: skip
    trainer = Trainer(recipe, config)
    kept = {length: copy.deepcopy(trainer.averaged["generator"]) for length in LENGTHS}

    @torch.no_grad()
    def average(averaged, networks, step, decay) -> None:
        for length, network in kept.items():
            torch._foreach_lerp_(list(network.parameters()), list(networks["generator"].parameters()), 1 / length)

    with patch.object(schedule, "average", average):
        trainer.train()
    batches = validation_batches(recipe, Sources({"faces": tuple(options.data)}), config)
    found = {}
    for length, network in kept.items():
        sheet = options.out / kind / f"{length}.png"
        found[length] = validate(recipe, {**trainer.networks, "generator": network}, batches, trainer._to_device, sheet)
    return found


if __name__ == "__main__":
    main()
