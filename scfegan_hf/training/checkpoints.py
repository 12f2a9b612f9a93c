"""Checkpoints for resuming: written to a temporary name and renamed, with a checksum of each file.

One that was damaged later, cut or with a bit turned, is passed over for the newest that is whole.
"""

import hashlib
import json
import logging
import os
import pickle  # nosec B403
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from scfegan_hf.files import FILE_MODE
from scfegan_hf.training.faults import TrainingFault

PARTIAL = ".partial-"
CHECKSUMS = "sha256.json"  # by file name; those of before November 2026 have none
log = logging.getLogger(__name__)


def save(
    folder: Path, state: dict, networks: dict[str, nn.Module], ema: dict[str, nn.Module], optimizers: dict, keep: int
) -> Path:
    """Write ``folder/step-NNNNNNNN`` and delete all but the newest ``keep``. Returns its path.

    ``state`` is JSON and has a "step". Raises TrainingFault when the disk does not take it, or when a weight is not finite;
    older ones stay.
    """
    check_finite({**networks, **{f"average of {name}": network for name, network in ema.items()}})
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
        (partial / CHECKSUMS).write_text(json.dumps({file.name: sha256(file) for file in sorted(partial.iterdir())}))
        for file in partial.iterdir():  # on the disk before the name says so, lest the power fails
            file.chmod(FILE_MODE)
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
        paths = all_checkpoints(folder)
        raise TrainingFault(
            f"The checkpoint of step {state['step']} could not be written to {folder} ({reason}; "
            f"{free / 2**20:.0f} MiB free). "
            + (f"{paths[-1].name} is whole. " if paths else "There is no other. ")
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
    """The checkpoint that ``which`` names: "latest" (the newest whole one; None if there is none yet), "none", or a path.

    Raises FileNotFoundError for a path without a checkpoint, ValueError for "none" where checkpoints are and where all that
    there are, or the one of the path, are damaged. Warns of damaged ones that it passes over.
    """
    paths = all_checkpoints(folder)
    if which == "latest":
        return _newest_whole(paths)
    if which == "none":
        if paths:
            raise ValueError(f"{folder} already has checkpoints. Choose another --output_dir or resume from them.")
        return None
    if not (Path(which) / "state.json").is_file():
        raise FileNotFoundError(f"No checkpoint at {which}. Checkpoints are the step-* folders below {folder}.")
    why = damage(Path(which))
    if why:
        raise ValueError(f"{which} is damaged: {why}. Give another one.")
    return Path(which)


def _newest_whole(paths: list[Path]) -> Path | None:
    damaged = []
    for path in reversed(paths):
        why = damage(path)
        if not why:
            return path
        log.warning("%s is passed over, it is damaged: %s.", path, why)
        damaged.append(f"{path.name}: {why}")
    if damaged:
        raise ValueError(
            f"No checkpoint in {paths[0].parent} is whole ({'; '.join(damaged)}). Start in a new --output_dir, with "
            "--pretrained_model_name_or_path for what the last release has learned."
        )
    return None


def damage(path: Path) -> str | None:
    """What is wrong with a checkpoint's files, in words; None if nothing is."""
    name = CHECKSUMS
    try:
        sums = json.loads((path / name).read_text()) if (path / name).exists() else {}
        for name, expected in sums.items():
            if not (path / name).is_file():
                return f"{name} is missing"
            if sha256(path / name) != expected:
                return f"{name} is not what was written"
        name = "state.json"
        json.loads((path / name).read_text())
    except (OSError, ValueError, AttributeError) as error:  # ValueError: no JSON, or no text; AttributeError: no object
        return f"{name} cannot be read ({error})"
    return None


def sha256(path: Path) -> str:
    """Of a file, in hexadecimal digits."""
    digest, size = hashlib.sha256(), 2**20
    with open(path, "rb") as opened:
        while chunk := opened.read(size):
            digest.update(chunk)
    return digest.hexdigest()


def check_finite(networks: dict[str, nn.Module]) -> None:
    """Raises TrainingFault, naming the tensor, where a weight or buffer is not finite: such a state is no use to anybody."""
    for name, network in networks.items():
        for key, value in network.state_dict().items():
            if value.is_floating_point() and not value.isfinite().all():
                raise TrainingFault(
                    f"{key} of {name} is not finite, so nothing is saved; what was saved before stays. Lower the learning "
                    "rates and start again from the newest checkpoint or release."
                )


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
            try:
                network.load_state_dict(load_file(path / f"{prefix}{name}.safetensors"))
            except (SafetensorError, RuntimeError) as error:
                raise ValueError(_does_not_fit(path, f"{prefix}{name}.safetensors", error)) from error
    for name, optimizer in optimizers.items():
        file = path / f"optimizer-{name}.pt"
        try:
            optimizer.load_state_dict(torch.load(file, weights_only=True, map_location="cpu"))
        except (RuntimeError, ValueError, KeyError, EOFError, pickle.UnpicklingError) as error:
            raise ValueError(_does_not_fit(path, file.name, error)) from error
    return json.loads((path / "state.json").read_text())


def _does_not_fit(path: Path, name: str, error: Exception) -> str:
    return (
        f"{name} of {path} is damaged, or was written by another version of the recipe ({str(error).splitlines()[0]}). "
        "Delete that checkpoint to go on from an older one."
    )
