"""How hard each loss pulls at the picture: the size of its gradient in the hole, for weights as they are.

    python benchmarks/gradients.py PREPARED --perceptual_weights FILE [--model FOLDER] [--steps 40]

A term whose gradient is a thirtieth of another's teaches nothing beside it, whatever its value. The discriminator of
features is trained for --steps steps against the unchanged generator first, or read from FOLDER/projected.
"""

import argparse
from pathlib import Path

import torch

from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
from scfegan_hf.losses.adversarial import generator_loss, hole_weights
from scfegan_hf.losses.perceptual import feature_sizes, perceptual_loss, style_loss
from scfegan_hf.losses.reconstruction import coarse_loss, per_pixel_loss, total_variation_loss
from scfegan_hf.models.scfegan import SCFEGANGenerator
from scfegan_hf.recipe import Shared, Sources
from scfegan_hf.recipes.scfegan import SCFEGAN, generate, judged
from scfegan_hf.training.release.hub import load_initial_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--model", default=str(BUNDLED_WEIGHTS))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=4)
    options = parser.parse_args()
    torch.manual_seed(0)
    recipe = SCFEGAN(perceptual="squeezenet", perceptual_weights=options.perceptual_weights, projected_beta=1.0)
    networks = {**recipe.networks(), "generator": SCFEGANGenerator.from_pretrained(options.model)}
    known = {name: networks[name] for name in ("generator", "discriminator")}
    if Path(options.model, "projected").is_dir():
        known["projected"] = networks["projected"]
    load_initial_weights(known, options.model)
    networks["generator"].requires_grad_(False)
    dataset = recipe.dataset(Sources({"faces": tuple(options.data)}), "train", 256, seed=7)
    optimizer = torch.optim.Adam(networks["projected"].parameters(), 4e-4, (0.5, 0.999))
    for step in range(options.steps + 1):
        numbers = range(step * options.batch, (step + 1) * options.batch)
        batch = torch.utils.data.default_collate([dataset[n] for n in numbers])
        if step < options.steps:
            shared = Shared()
            recipe.generator_turn({**networks, "discriminator": known["discriminator"]}, batch, shared)
            losses = recipe.projected_turn(networks, batch, shared)
            optimizer.zero_grad()
            (losses["projected"] + losses["projected_drift"]).backward()
            optimizer.step()
    print("| term at weight 1 | value | gradient |\n|---|---:|---:|")
    for name, value, size in sizes(recipe, networks, batch):
        print(f"| {name} | {value:.4f} | {size:.1e} |")


def sizes(recipe: SCFEGAN, networks: dict, batch: dict) -> list[tuple[str, float, float]]:
    """Name, value and norm of the gradient in the hole, of each term at weight 1."""
    image, mask = batch["image"], batch["mask"]
    with torch.no_grad():
        _, completed = generate(networks["generator"], batch)
    completed.requires_grad_(True)
    target, seen = networks["features"](image), networks["features"](completed)
    logits = networks["projected"](seen, feature_sizes(target), mask)
    terms = {
        f"per pixel (alpha {recipe.alpha:g})": per_pixel_loss(completed, image, mask, recipe.alpha),
        "coarse": coarse_loss(completed, image),
        "perceptual": perceptual_loss(seen, target),
        "style": style_loss(seen, target),
        "total variation": total_variation_loss(completed, mask),
        "adversarial, pixels": generator_loss(networks["discriminator"](judged(completed, batch))),
        **{
            f"adversarial, features {number}": generator_loss(layer, hole_weights(mask, layer.shape[-2:]))
            for number, layer in enumerate(logits)
        },
    }
    found = []
    for name, value in terms.items():
        (gradient,) = torch.autograd.grad(value, completed, retain_graph=True)
        found.append((name, value.item(), (gradient * mask).norm().item()))
    return found


if __name__ == "__main__":
    main()
