"""Checkpoints for resuming: written to a temporary name and renamed, so that the newest one is always whole."""

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn


def save(
    folder: Path, step: int, networks: dict[str, nn.Module], ema: dict[str, nn.Module], optimizers: dict, keep: int
) -> Path:
    """Write ``folder/step-NNNNNNNN`` and delete all but the newest ``keep``. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"step-{step:08d}"
    partial = folder / f".partial-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for prefix, group in (("", networks), ("ema-", ema)):
        for name, network in group.items():
            tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
            save_file(tensors, partial / f"{prefix}{name}.safetensors")
    for name, optimizer in optimizers.items():
        torch.save(optimizer.state_dict(), partial / f"optimizer-{name}.pt")
    (partial / "state.json").write_text(json.dumps({"step": step}))
    if final.exists():
        shutil.rmtree(final)
    os.replace(partial, final)
    for old in all_checkpoints(folder)[: -max(keep, 1)]:
        if old != final:  # training went on from an older one than the newest
            shutil.rmtree(old)
    return final


def all_checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(path for path in folder.glob("step-*") if (path / "state.json").is_file())


def find(folder: Path, which: str) -> Path | None:
    """The checkpoint that ``which`` names: "latest" (None if there is none yet), "none", or a path.

    Raises FileNotFoundError for a path without a checkpoint, ValueError for "none" where checkpoints are.
    """
    found = all_checkpoints(folder)
    if which == "latest":
        return found[-1] if found else None
    if which == "none":
        if found:
            raise ValueError(f"{folder} already has checkpoints. Choose another --output_dir or resume from them.")
        return None
    if not (Path(which) / "state.json").is_file():
        raise FileNotFoundError(f"No checkpoint at {which}. Checkpoints are the step-* folders below {folder}.")
    return Path(which)


def load(path: Path, networks: dict[str, nn.Module], ema: dict[str, nn.Module], optimizers: dict) -> int:
    """Put a checkpoint back into what it was made from; returns its step."""
    for prefix, group in (("", networks), ("ema-", ema)):
        for name, network in group.items():
            network.load_state_dict(load_file(path / f"{prefix}{name}.safetensors"))
    for name, optimizer in optimizers.items():
        optimizer.load_state_dict(torch.load(path / f"optimizer-{name}.pt", weights_only=True, map_location="cpu"))
    return json.loads((path / "state.json").read_text())["step"]
