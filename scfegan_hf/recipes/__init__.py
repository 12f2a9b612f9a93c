"""One file per GAN; the folder is the registry. A module's `RECIPE` is its Recipe class, its name is the file's."""

import importlib
import pkgutil

from scfegan_hf.recipe import Recipe


def recipe_names() -> list[str]:
    """All recipes, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def recipe_class(name: str) -> type[Recipe]:
    """The recipe in ``name``.py. Raises ValueError that lists those there are."""
    if name not in recipe_names():
        raise ValueError(f"No recipe {name!r}; there are {', '.join(recipe_names())}.")
    return importlib.import_module(f"{__name__}.{name}").RECIPE
