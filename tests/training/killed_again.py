"""Run by test_faults.py: a training killed twenty times with SIGKILL, and one that was not.

A fork of this process starts at once, since all is imported; and a fork has to have one thread only.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file
from test_faults import Wide
from toy import toy_config

from scfegan_hf.training import checkpoints
from scfegan_hf.training.trainer import Trainer

STEPS = 60  # more than twenty runs come to before they are killed
folder = Path(sys.argv[1])
saved = folder / "killed" / "checkpoints"
options = dict(max_train_steps=STEPS, checkpointing_steps=1, logging_steps=1, validation_steps=1000)


def train(name: str) -> None:
    Trainer(Wide(), toy_config(folder / name, **options)).train()


def traces() -> set[str]:
    """Names in the folder of checkpoints, half-written ones and those being deleted too."""
    return {path.name for path in saved.iterdir()} if saved.is_dir() else set()


def damaged() -> list[str]:
    """Checkpoints among those found that cannot be read or lack a file."""
    found = []
    for path in checkpoints.all_checkpoints(saved):
        try:
            for name in ("generator", "critic", "ema-generator"):
                load_file(path / f"{name}.safetensors")
            for name in ("generator", "critic"):
                torch.load(path / f"optimizer-{name}.pt", weights_only=True)
            json.loads((path / "state.json").read_text())
        except Exception as error:
            found.append(f"{path.name}: {error}")
    return found


def fork(work, *arguments) -> int:
    process = os.fork()
    if process == 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        try:
            work(*arguments)
        finally:
            os._exit(0 if (folder / arguments[0] / "curves.png").exists() else 1)
    return process


def main() -> None:
    torch.set_num_threads(1)
    chance = random.Random(0)
    for number in range(20):
        # By turns from when it has begun to save, however slow the disk is, and from when it has saved once more.
        look = traces if number % 2 else lambda: checkpoints.find(saved, "latest")
        before = look()
        process = fork(train, "killed")
        while look() == before:
            time.sleep(0.0005)
        time.sleep(chance.uniform(0, 0.06))
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        found = checkpoints.find(saved, "latest")
        newest = json.loads((found / "state.json").read_text())["step"] if found else 0
        partial = any(name.startswith(".partial") for name in traces())
        kill = {"signal": os.WTERMSIG(status), "while_saving": partial, "damaged": damaged(), "newest": newest}
        with open(folder / "kills.jsonl", "a") as kills:
            kills.write(json.dumps(kill) + "\n")
    for name in ("killed", "whole"):
        _, status = os.waitpid(fork(train, name), 0)
        assert status == 0, name


if __name__ == "__main__":
    main()
