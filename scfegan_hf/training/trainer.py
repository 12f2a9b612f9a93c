"""The training loop: fetch, turns, average, log, save. It knows no recipe by name."""

import copy
import json
import math
import time
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from scfegan_hf.data.datasets import StepSampler
from scfegan_hf.recipe import Recipe, Update
from scfegan_hf.training import checkpoints
from scfegan_hf.training.config import FREE_TO_CHANGE, TrainConfig
from scfegan_hf.training.hub import load_initial_weights, push_release, save_release
from scfegan_hf.training.pictures import save_sheet
from scfegan_hf.training.processes import average_gradients, make_loader


class Trainer:
    """Everything that lives as long as a run: networks, their averages, optimisers, counters."""

    def __init__(self, recipe: Recipe, config: TrainConfig):
        self.recipe, self.config, self.out = recipe, config, Path(config.output_dir)
        trackers = [] if config.report_to == "none" or config.dry_run else [config.report_to]
        self.accelerator = Accelerator(
            mixed_precision=config.mixed_precision, log_with=trackers or None, project_dir=config.output_dir
        )
        self.device = self.accelerator.device
        self.format = torch.channels_last if config.channels_last else torch.contiguous_format

        set_seed(config.seed)  # the same initial weights on every process
        self.networks = {name: net.to(self.device, memory_format=self.format) for name, net in recipe.networks().items()}
        self.trainable = {name: net for name, net in self.networks.items() if any(p.requires_grad for p in net.parameters())}
        if config.pretrained_model_name_or_path:
            load_initial_weights({n: self.trainable[n] for n in recipe.release()}, config.pretrained_model_name_or_path)
        self.averaged = {n: copy.deepcopy(self.trainable[n]).requires_grad_(False).eval() for n in recipe.release()}
        self.updates = recipe.updates()
        self.optimizers = {}
        for trains, group in groupby(sorted(self.updates, key=lambda u: u.trains), key=lambda u: u.trains):
            options = next(group).optimizer
            parameters = [p for name in trains for p in self.trainable[name].parameters()]
            self.optimizers["-".join(trains)] = torch.optim.Adam(
                parameters, options.learning_rate, options.betas, weight_decay=options.weight_decay,
                fused=self.device.type in ("cpu", "cuda"),
            )  # fmt: skip
        self.base_rates = {name: optimizer.param_groups[0]["lr"] for name, optimizer in self.optimizers.items()}
        self.step, self.metrics, self.started = 0, {}, time.perf_counter()

    def train(self) -> None:
        """Run to max_train_steps, from the newest checkpoint if there is one."""
        config, main = self.config, self.accelerator.is_main_process
        folders = (*config.train_data_dir, *config.dataset_name)
        if not folders:
            raise ValueError("Give --train_data_dir FOLDER (made by `scfegan prepare`) or --dataset_name NAME.")
        streaming = {"streaming": True} if config.streaming else {}  # recipes need not know of it
        dataset = self.recipe.dataset(folders, "train", config.resolution, config.seed, **streaming)
        validation = self._validation_batches(folders)
        if config.dry_run:
            return self._dry_run(dataset)
        self._check_folder()
        found = checkpoints.find(self.out / "checkpoints", config.resume_from_checkpoint)
        if found:
            self.step = checkpoints.load(found, self.trainable, self.averaged, self.optimizers)
            self.accelerator.print(f"Going on from step {self.step} ({found}).")
        self.accelerator.init_trackers("logs")
        loader = self._loader(dataset)
        bar = tqdm(total=config.max_train_steps, initial=self.step, disable=not main, unit="step", dynamic_ncols=True)
        if self.step == 0 and main:
            self._validate(validation)
        logged: dict[str, torch.Tensor] = {}
        since, since_step = time.perf_counter(), self.step
        for batch in loader:
            batch = self._to_device(batch)
            for update in self.updates:
                if self.step % update.every == 0:
                    logged |= self._turn(update, batch)
            self.step += 1
            self._average()
            bar.update()
            if self.step % config.logging_steps == 0:
                rate = (self.step - since_step) * config.train_batch_size * self.accelerator.num_processes
                values = {name: value.item() for name, value in logged.items()}
                values["images_per_second"] = rate / (time.perf_counter() - since)
                self._log(values)
                bar.set_postfix({k: f"{v:.3g}" for k, v in values.items() if not k.startswith("_")}, refresh=False)
                since, since_step = time.perf_counter(), self.step
            last = self.step == config.max_train_steps
            if main and (last or self.step % config.validation_steps == 0):
                self._validate(validation)
                since, since_step = time.perf_counter(), self.step
            if main and (last or self.step % config.checkpointing_steps == 0):
                self._save()
        bar.close()
        self.accelerator.wait_for_everyone()
        if main and config.push_to_hub:
            push_release(self.out, config.hub_model_id or self.out.name)
        self.accelerator.end_training()

    def _turn(self, update: Update, batch: dict) -> dict[str, torch.Tensor]:
        """One optimiser's turn: loss, backward, average over processes, step. Returns the named losses, detached."""
        for name, network in self.trainable.items():
            network.requires_grad_(name in update.trains)
        optimizer = self.optimizers["-".join(update.trains)]
        for group in optimizer.param_groups:
            group["lr"] = self.base_rates["-".join(update.trains)] * self._rate_factor()
        with self.accelerator.autocast():
            losses = update.loss(self.networks, batch)
        total = sum(value for name, value in losses.items() if not name.startswith("_"))
        self.accelerator.backward(total)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        average_gradients(self.accelerator, parameters)
        if self.config.max_grad_norm:
            nn.utils.clip_grad_norm_(parameters, self.config.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
        return {name: value.detach() for name, value in losses.items()}

    def _rate_factor(self) -> float:
        """Share of the learning rate at this step: linear warm-up, then constant or a cosine down to 0.05."""
        config = self.config
        warm = min(1.0, (self.step + 1) / max(config.lr_warmup_steps, 1))
        if config.lr_scheduler == "constant":
            return warm
        done = min(self.step / config.max_train_steps, 1.0)
        return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done)))

    @torch.no_grad()
    def _average(self) -> None:
        """Exponential moving average; early on the decay is lower, so that the start is forgotten."""
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        for name, average in self.averaged.items():
            torch._foreach_lerp_(list(average.parameters()), list(self.networks[name].parameters()), 1 - decay)
            for ours, theirs in zip(average.buffers(), self.networks[name].buffers(), strict=True):
                ours.copy_(theirs)

    def _loader(self, dataset) -> DataLoader:
        config, accelerator = self.config, self.accelerator
        batches = StepSampler(
            self.step, config.max_train_steps, config.train_batch_size, accelerator.process_index, accelerator.num_processes
        )
        return make_loader(dataset, batches, config.dataloader_num_workers, pin_memory=self.device.type == "cuda")

    def _to_device(self, batch: dict) -> dict:
        return {
            name: value.to(
                self.device, non_blocking=True, memory_format=self.format if value.ndim == 4 else torch.preserve_format
            )
            for name, value in batch.items()
        }

    def _validation_batches(self, folders: tuple[str, ...]) -> list[dict]:
        """The same samples every time, in batches; none if the data has no validation split."""
        try:
            dataset = self.recipe.dataset(folders, "validation", self.config.resolution, self.config.seed)
        except FileNotFoundError as error:
            self.accelerator.print(f"No validation: {error}")
            return []
        # Spread over the rows, so that several sources are all seen.
        count = min(self.config.num_validation_images, len(dataset))
        chosen = torch.utils.data.Subset(dataset, [i * len(dataset) // count for i in range(count)])
        return list(DataLoader(chosen, batch_size=8))

    def _validate(self, batches: list[dict]) -> None:
        if not batches:
            return
        networks = {**self.networks, **self.averaged}
        found: dict[str, list[torch.Tensor]] = {}
        for number, batch in enumerate(batches):
            batch = self._to_device(batch)
            if number == 0:
                save_sheet(self.recipe.sample(networks, batch), self.out / "validation" / f"step-{self.step:08d}.png")
            for name, values in self.recipe.metrics(networks, batch).items():
                found.setdefault(name, []).append(values.float().cpu())
        self.metrics = {f"validation_{name}": torch.cat(values).mean().item() for name, values in found.items()}
        self._log(self.metrics)
        self.accelerator.print(f"step {self.step}: " + ", ".join(f"{k} {v:.4f}" for k, v in self.metrics.items()))

    def _log(self, values: dict[str, float]) -> None:
        values = {**values, "seconds": round(time.perf_counter() - self.started, 1)}
        self.accelerator.log(values, step=self.step)
        if self.accelerator.is_main_process:
            with open(self.out / "log.jsonl", "a") as log:
                log.write(json.dumps({"step": self.step, **values}) + "\n")

    def _save(self) -> None:
        """A checkpoint for resuming and a release for use."""
        config = self.config
        checkpoints.save(
            self.out / "checkpoints", self.step, self.trainable, self.averaged, self.optimizers, config.checkpoints_total_limit
        )
        seen = self.step * config.train_batch_size * self.accelerator.num_processes
        save_release(self.out, self.recipe, config, self.averaged, {"step": self.step, "images": seen, **self.metrics})

    def _check_folder(self) -> None:
        """Refuse an output folder of another configuration, naming what differs; else note this one there."""
        note = {
            "recipe": self.recipe.name,
            **asdict(self.recipe),
            **asdict(self.config),
            "processes": self.accelerator.num_processes,
        }
        note = json.loads(json.dumps(note))
        path = self.out / "training_config.json"
        if path.exists() and checkpoints.all_checkpoints(self.out / "checkpoints"):
            before = json.loads(path.read_text())
            free = FREE_TO_CHANGE | {"processes"}
            differing = [
                key for key in sorted(note.keys() | before.keys()) if key not in free and before.get(key) != note.get(key)
            ]
            if differing:
                details = "; ".join(f"{key}: {before.get(key)} before, {note.get(key)} now" for key in differing)
                raise ValueError(f"{self.out} holds a run with other settings ({details}). Choose another --output_dir.")
        if self.accelerator.is_main_process:
            self.out.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(note, indent=2))
        self.accelerator.print(json.dumps(note, indent=2))

    def _dry_run(self, dataset) -> None:
        """One batch through every turn's loss, without a step."""
        batch = self._to_device(next(iter(self._loader(dataset))))
        self.accelerator.print(json.dumps({**asdict(self.recipe), **asdict(self.config)}, indent=2))
        for name, network in self.trainable.items():
            self.accelerator.print(f"{name}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters")
        for update in self.updates:
            losses = update.loss(self.networks, batch)
            self.accelerator.print(f"{update.name}: " + ", ".join(f"{k} {v.item():.4f}" for k, v in losses.items()))
