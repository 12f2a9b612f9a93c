"""Validation: the same samples every time, a sheet of pictures and the recipe's figures."""

from collections.abc import Callable
from pathlib import Path

from torch.utils.data import DataLoader, Subset

from scfegan_hf.recipe import Networks, Recipe, Sources
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.pictures import save_sheet


def validation_batches(recipe: Recipe, sources: Sources, config: TrainConfig) -> list[dict]:
    """Batches of at most eight samples, spread over the rows so that several sources are all seen.

    Raises FileNotFoundError if the data has no validation split.
    """
    dataset = recipe.dataset(sources, "validation", config.resolution, config.seed)
    count = min(config.num_validation_images, len(dataset))
    return list(DataLoader(Subset(dataset, [i * len(dataset) // count for i in range(count)]), batch_size=8))


def validate(
    recipe: Recipe, networks: Networks, batches: list[dict], to_device: Callable[[dict], dict], sheet: Path
) -> dict[str, float]:
    """The recipe's figures over all samples, by "validation_" and their name; the first batch's pictures."""
    save_sheet(recipe.sample(networks, to_device(batches[0])), sheet)
    figures = recipe.evaluate(networks, map(to_device, batches))
    return {f"validation_{name}": float(value) for name, value in figures.items()}
