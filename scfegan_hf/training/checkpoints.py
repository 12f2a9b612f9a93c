"""Checkpoints for resuming: written to a temporary name and renamed, so that each one found is whole."""

import json
import os
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from scfegan_hf.training.faults import TrainingFault

PARTIAL = ".partial-"


def save(
    folder: Path, state: dict, networks: dict[str, nn.Module], ema: dict[str, nn.Module], optimizers: dict, keep: int
) -> Path:
    """Write ``folder/step-NNNNNNNN`` and delete all but the newest ``keep``. Returns its path.

    ``state`` is JSON and has a "step". Raises TrainingFault when the disk does not take it; older ones stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / f"step-{state['step']:08d}"
    partial = folder / f"{PARTIAL}{final.name}"
    for left_over in folder.glob(f"{PARTIAL}*"):  # by a run that was killed
        shutil.rmtree(left_over)
    try:
        partial.mkdir()
        for prefix, group in (("", networks), ("ema-", ema)):
            for name, network in group.items():
                tensors = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
                save_file(tensors, partial / f"{prefix}{name}.safetensors")
        for name, optimizer in optimizers.items():
            with open(partial / f"optimizer-{name}.pt", "wb") as opened:  # by its path it would not say what went wrong
                torch.save(optimizer.state_dict(), opened)
        (partial / "state.json").write_text(json.dumps(state))
        for file in partial.iterdir():  # on the disk before the name says so, lest the power fails
            with open(file, "rb") as opened:
                os.fsync(opened.fileno())
        aside = folder / f"{PARTIAL}old-{final.name}"
        if final.exists():
            os.replace(final, aside)
        os.replace(partial, final)
        shutil.rmtree(aside, ignore_errors=True)
    except (OSError, SafetensorError, RuntimeError) as error:  # torch.save wraps the disk's error in a RuntimeError
        cause = error.__context__ if isinstance(error.__context__, OSError) else error
        reason = (str(cause) or type(cause).__name__).splitlines()[0]
        free = shutil.disk_usage(folder).free
        shutil.rmtree(partial, ignore_errors=True)
        found = all_checkpoints(folder)
        raise TrainingFault(
            f"The checkpoint of step {state['step']} could not be written to {folder} ({reason}; "
            f"{free / 2**20:.0f} MiB free). "
            + (f"{found[-1].name} is whole. " if found else "There is no other. ")
            + "Make room and run the same command again."
        ) from error
    for old in all_checkpoints(folder)[: -max(keep, 1)]:
        if old != final:  # training went on from an older one than the newest
            discard(old)
    return final


def discard(path: Path) -> None:
    """Delete a checkpoint, which stops being one at once."""
    renamed = path.with_name(f"{PARTIAL}old-{path.name}")
    os.replace(path, renamed)
    shutil.rmtree(renamed)


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


def load(path: Path, networks: dict[str, nn.Module], ema: dict[str, nn.Module], optimizers: dict) -> dict:
    """Put a checkpoint back into what it was made from; returns its state.

    Raises ValueError for one that lacks a part, since another version of the recipe or of this package wrote it.
    """
    files = {f"{prefix}{name}.safetensors" for prefix, group in (("", networks), ("ema-", ema)) for name in group}
    lacking = sorted(name for name in files | {f"optimizer-{name}.pt" for name in optimizers} if not (path / name).is_file())
    if lacking:
        raise ValueError(
            f"{path} has no {', '.join(lacking)}: the recipe or the package was another when it was written. Start in a new "
            "--output_dir, with --pretrained_model_name_or_path for what it has learned."
        )
    for prefix, group in (("", networks), ("ema-", ema)):
        for name, network in group.items():
            network.load_state_dict(load_file(path / f"{prefix}{name}.safetensors"))
    for name, optimizer in optimizers.items():
        optimizer.load_state_dict(torch.load(path / f"optimizer-{name}.pt", weights_only=True, map_location="cpu"))
    return json.loads((path / "state.json").read_text())
