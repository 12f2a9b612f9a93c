"""Whether a run may go on in its folder: with the settings that it began with, on any number of processes."""

import json
import math
from dataclasses import MISSING, asdict, fields
from pathlib import Path

from scfegan_hf.files import write_text
from scfegan_hf.recipe import Recipe
from scfegan_hf.training import checkpoints
from scfegan_hf.training.config import FREE_TO_CHANGE, WHOLE_BATCH, TrainConfig


def settings_of(recipe: Recipe, config: TrainConfig, processes: int) -> dict:
    """All that a run was told, as training_config.json holds it."""
    return json.loads(json.dumps({**asdict(recipe), **asdict(config), "processes": processes, "recipe": recipe.name}))


def defaults_of(recipe: Recipe) -> dict:
    """What settings were where a run was not told them: flags that came later count as their defaults."""
    known = {f.name: f.default for f in (*fields(recipe), *fields(TrainConfig)) if f.default is not MISSING}
    return json.loads(json.dumps(known))


def check_folder(out: Path, settings: dict, defaults: dict, write: bool) -> None:
    """Refuse an output folder of other settings, naming what differs; else note these there if ``write``.

    Batch size and accumulation may change as long as a step takes as many samples as before. ``defaults``: of settings that
    the folder's run did not have yet.
    """
    path = out / "training_config.json"
    if path.exists() and checkpoints.all_checkpoints(out / "checkpoints"):
        before = {**defaults, **json.loads(path.read_text())}
        same_whole = len({math.prod(held.get(key, 1) for key in WHOLE_BATCH) for held in (before, settings)}) == 1
        free = FREE_TO_CHANGE | (set(WHOLE_BATCH) if same_whole else set())
        keys = [key for key in sorted(settings.keys() | before.keys()) if key not in free]
        differing = [key for key in keys if before.get(key) != settings.get(key)]
        if differing:
            details = "; ".join(f"{key}: {before.get(key)} before, {settings.get(key)} now" for key in differing)
            raise ValueError(f"{out} holds a run with other settings ({details}). Choose another --output_dir.")
    if write:
        out.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(settings, indent=2))
