"""Validation: the same samples every time, a sheet of pictures and mean figures."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.data import DataLoader, Subset

from scfegan_hf.recipe import Networks, Recipe
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.pictures import save_sheet


def validation_batches(recipe: Recipe, folders: tuple[str, ...], config: TrainConfig) -> list[dict]:
    """Batches of at most eight samples, spread over the rows so that several sources are all seen.

    Raises FileNotFoundError if the data has no validation split.
    """
    dataset = recipe.dataset(folders, "validation", config.resolution, config.seed)
    count = min(config.num_validation_images, len(dataset))
    return list(DataLoader(Subset(dataset, [i * len(dataset) // count for i in range(count)]), batch_size=8))


def validate(
    recipe: Recipe, networks: Networks, batches: list[dict], to_device: Callable[[dict], dict], sheet: Path
) -> dict[str, float]:
    """Means of the recipe's metrics over all samples, by "validation_" and their name; the first batch's pictures."""
    found: dict[str, list[torch.Tensor]] = {}
    for number, batch in enumerate(map(to_device, batches)):
        if number == 0:
            save_sheet(recipe.sample(networks, batch), sheet)
        for name, values in recipe.metrics(networks, batch).items():
            found.setdefault(name, []).append(values.float().cpu())
    return {f"validation_{name}": torch.cat(values).mean().item() for name, values in found.items()}
