"""Tiny whole runs, launching several processes, and how far two trainings lie apart."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file

from scfegan_hf.recipe import Recipe
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
TINY_RUN = dict(
    resolution=128, train_batch_size=2, max_train_steps=4, lr_warmup_steps=1, dataloader_num_workers=0, report_to="none",
    validation_steps=100, num_validation_images=2, logging_steps=1,
)  # fmt: skip


def train(recipe: Recipe, config: TrainConfig) -> Trainer:
    trainer = Trainer(recipe, config)
    trainer.train()
    return trainer


def checkpoint(config: TrainConfig, step: int) -> dict[str, torch.Tensor]:
    """All tensors of a checkpoint: networks, averages, optimisers."""
    folder = Path(config.output_dir) / "checkpoints" / f"step-{step:08d}"
    found = {f"{path.stem}.{key}": value for path in folder.glob("*.safetensors") for key, value in load_file(path).items()}
    for path in folder.glob("*.pt"):
        for number, slot in torch.load(path, weights_only=True)["state"].items():
            found |= {f"{path.stem}.{number}.{key}": value for key, value in slot.items()}
    return found


def held_by(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {f"{name}.{key}": value for name, n in trainer.trainable.items() for key, value in n.state_dict().items()}


def difference(ours: dict, theirs: dict, network: str) -> tuple[float, float]:
    """Of all parameters of a network: relative by norms, and the largest."""
    keys = [key for key in theirs if key.startswith(network)]
    one, two = (torch.cat([tensors[key].flatten() for key in keys]) for tensors in (ours, theirs))
    return ((one - two).norm() / two.norm()).item(), (one - two).abs().max().item()


def launch(processes: int, jobs: list[tuple[Recipe, TrainConfig]], folder: Path) -> None:
    """Train each job on so many processes of torchrun; what they hold at the end lies in the output folders."""
    given = [
        {"recipe": r.name, "options": {k: v for k, v in asdict(r).items() if k != "name"}, "config": asdict(config)}
        for r, config in jobs
    ]
    path = folder / "jobs.json"
    path.write_text(json.dumps(given))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command += [str(Path(__file__).with_name("one_of_several.py")), str(path)]
    with open(folder / "printed", "w") as printed:
        running = subprocess.Popen(
            command, cwd=ROOT, env=ENVIRONMENT, stdout=printed, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            assert running.wait(280) == 0, (folder / "printed").read_text()[-3000:]
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGTERM)  # torchrun ends its workers
                running.wait(60)


def ranks(config: TrainConfig, processes: int) -> list[dict[str, torch.Tensor]]:
    """What each process held at the end of `launch`."""
    return [load_file(Path(config.output_dir) / f"rank-{rank}.safetensors") for rank in range(processes)]
