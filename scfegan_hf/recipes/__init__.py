"""One file per GAN; the folder is the registry. A module's `RECIPE` is its Recipe class, its name is the file's.

Folders that the environment variable SCFEGAN_RECIPES names (separated as those of PATH) belong to it too, so that a recipe
of one's own needs no change here; sample workers and other processes find it there as well.
"""

import importlib
import os
import pkgutil
from dataclasses import fields

from scfegan_hf.recipe import Recipe

__path__ += [folder for folder in os.environ.get("SCFEGAN_RECIPES", "").split(os.pathsep) if folder]


def recipe_names() -> list[str]:
    """All recipes, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def recipe_class(name: str) -> type[Recipe]:
    """The recipe in ``name``.py. Raises ValueError that lists those there are."""
    if name not in recipe_names():
        raise ValueError(f"No recipe {name!r}; there are {', '.join(recipe_names())}.")
    return importlib.import_module(f"{__name__}.{name}").RECIPE


def recipe_of(settings: dict) -> Recipe:
    """The recipe that a run's saved settings are of; what they do not have is as by default."""
    kind = recipe_class(settings["recipe"])
    held = {f.name: settings[f.name] for f in fields(kind) if f.init and f.name in settings}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in held.items()})
