"""Which data a run reads, from its flags and the roles that the recipe has for them."""

from pathlib import Path

from scfegan_hf.recipe import Recipe, Sources
from scfegan_hf.training.config import TrainConfig


def sources_of(recipe: Recipe, config: TrainConfig) -> Sources:
    """Folders and Hub datasets by role: ROLE=NAME, or NAME for the recipe's first role.

    Raises ValueError for a role that the recipe has not, for one without data, and for flags of loading that it cannot heed.
    """
    roles = recipe.roles()
    first = next(iter(roles))
    by_role: dict[str, list[str]] = {role: [] for role in roles}
    for flag in (*config.train_data_dir, *config.dataset_name):
        role, separator, name = flag.partition("=")
        if role in roles and separator:
            by_role[role].append(name)
        elif separator and "/" not in role and not Path(flag).exists():
            raise ValueError(f"{recipe.name} reads no data as {role!r}, only as {', '.join(roles)}.")
        else:
            by_role[first].append(flag)
    for role, known in roles.items():
        if not by_role[role] and not known.optional:
            prefix = "" if role == first else f"{role}="
            raise ValueError(f"Give --train_data_dir {prefix}FOLDER or --dataset_name {prefix}NAME: {known.what}.")
    check_loading(recipe, config, len(by_role[first]))
    return Sources({role: tuple(names) for role, names in by_role.items()}, config.train_data_weights, config.streaming)


def check_loading(recipe: Recipe, config: TrainConfig, sources: int) -> None:
    """Raises ValueError for --streaming or --train_data_weights where the recipe or its ``sources`` cannot have them."""
    if config.streaming and "streaming" not in recipe.loading:
        raise ValueError(f"{recipe.name} cannot stream its data. Leave out --streaming.")
    if config.train_data_weights and "weights" not in recipe.loading:
        raise ValueError(f"{recipe.name} cannot mix its data by weights. Leave out --train_data_weights.")
    if config.train_data_weights and len(config.train_data_weights) != sources:
        raise ValueError(
            f"Give one weight for each of the {sources} data sources, not {len(config.train_data_weights)} "
            "(--train_data_weights)."
        )
