"""A release from a checkpoint: the averaged networks with their configs, a card and figures."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from scfegan_hf.files import write_text
from scfegan_hf.models.strangers import check_finite
from scfegan_hf.recipe import Card
from scfegan_hf.training import checkpoints
from scfegan_hf.training.release.card import public
from scfegan_hf.training.release.hub import write_release

DTYPES = {"fp32": torch.float32, "fp16": torch.float16}


def convert(checkpoint: str | Path, out: str | Path, card_of: Callable[[dict], Card], dtype: str = "fp32") -> Path:
    """Write the released networks of ``checkpoint`` (step-*, or an output folder for its newest), averaged where they are, to
    ``out``; returns the former. ``card_of``: from a run's settings to what is said of it.

    Raises FileNotFoundError where no checkpoint is, ValueError for one that is damaged or whose weights do not fit ``dtype``.
    """
    path, out = Path(checkpoint), Path(out)
    path = (
        checkpoints.find(path / "checkpoints", "latest")
        or checkpoints.find(path, "latest")
        or checkpoints.find(path, str(path))
    )
    state = _state(path / "state.json")
    tensors, averaged = {}, state.get("averaged", list(state["configs"]))  # once all that were released
    for name in state["configs"]:
        held = _weights(path / f"{'ema-' if name in averaged else ''}{name}.safetensors")
        check_finite(held, str(path))
        tensors[name] = {key: value.to(DTYPES[dtype]) if value.is_floating_point() else value for key, value in held.items()}
        for key, value in tensors[name].items():
            if value.is_floating_point() and not value.isfinite().all():
                raise ValueError(f"{name}'s {key} has values beyond {dtype}. Convert to fp32.")
    metrics = {
        "step": state["step"],
        "images": state["images"],
        "skipped_pictures": state["skipped_pictures"],
        **state["metrics"],
    }
    out.mkdir(parents=True, exist_ok=True)
    settings = state["settings"]
    write_release(out, tensors, state["configs"], card_of(settings), settings, metrics)
    write_text(out / "training_config.json", json.dumps(public(settings), indent=2))
    return path


def _state(path: Path) -> dict:
    """What a release needs of a checkpoint's state.json."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}). Give another checkpoint.") from error
    kinds = {"configs": dict, "settings": dict, "metrics": dict, "step": int, "images": int, "skipped_pictures": int}
    for name, kind in kinds.items():
        if not isinstance(state, dict) or not isinstance(state.get(name), kind):
            raise ValueError(f"{path} is damaged: it has no {name}. Give another checkpoint.")
    return state


def _weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path} is missing or damaged ({error}). Give another checkpoint.") from error
