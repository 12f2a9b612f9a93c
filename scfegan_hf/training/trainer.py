"""The training loop: fetch, turns, average, log, save. It knows no recipe by name."""

import copy
import json
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from accelerate.utils import set_seed
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset
from tqdm import tqdm

from scfegan_hf.data.order import StepSampler
from scfegan_hf.files import write_text
from scfegan_hf.recipe import Networks, Recipe, Shared, Sources
from scfegan_hf.training import checkpoints, schedule
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.continuing import check_folder, defaults_of, settings_of
from scfegan_hf.training.faults import Stopped, StopSignals, check_skipped, explained_memory
from scfegan_hf.training.processes import end_workers, make_loader, seed_step, share_buffers, start_processes
from scfegan_hf.training.release.hub import configs_of, load_initial_weights, save_release
from scfegan_hf.training.release.publishing import Publisher
from scfegan_hf.training.sources import sources_of
from scfegan_hf.training.stretches import note_stretch
from scfegan_hf.training.timing import Stopwatch
from scfegan_hf.training.turns import Part, Turns
from scfegan_hf.training.validation import validate, validation_batches
from scfegan_hf.training.watching import Pace, RunLog, check_tracker, draw_curves


class Trainer:
    """Everything that lives as long as a run: networks, their averages, turns, counters."""

    def __init__(self, recipe: Recipe, config: TrainConfig):
        self.recipe, self.config, self.out = recipe, config, Path(config.output_dir)
        check_tracker(config.report_to)
        tracker = None if config.report_to == "none" or config.dry_run else config.report_to
        self.accelerator = start_processes(config, log_with=tracker, project_dir=config.output_dir)
        self.device = self.accelerator.device
        self.format = torch.channels_last if config.channels_last else torch.contiguous_format
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = config.allow_tf32

        set_seed(config.seed)  # the same initial weights on every process
        fresh = recipe.networks(config.resolution)
        self.networks = {name: network.to(self.device, memory_format=self.format) for name, network in fresh.items()}
        self.trainable = {name: net for name, net in self.networks.items() if any(p.requires_grad for p in net.parameters())}
        self.kept = kept_networks(recipe, self.networks)
        if config.pretrained_model_name_or_path:
            load_initial_weights({n: self.networks[n] for n in recipe.release()}, config.pretrained_model_name_or_path)
        self.averaged = {n: copy.deepcopy(self.trainable[n]).requires_grad_(False).eval() for n in recipe.averaged()}
        self.released = {n: self.averaged.get(n, self.networks[n]) for n in recipe.release()}
        self.watch = Stopwatch(self.device, exact=config.profile)
        self._compile_and_watch()
        self.updates = recipe.updates()
        self.turns = Turns(self.accelerator, self.networks, self.trainable, self.updates, config, self.watch)
        self.whole_batch = config.train_batch_size * config.gradient_accumulation_steps * self.accelerator.num_processes
        self.settings = settings_of(recipe, config, self.accelerator.num_processes)
        self.step, self.images, self.skipped, self.metrics = 0, 0, 0, {}
        self.losses_of: dict[str, set[str]] = {update.name: set() for update in self.updates}
        self.publisher: Publisher | None = None

    def _compile_and_watch(self) -> None:
        for name, network in self.networks.items():
            frozen = name not in self.trainable and any(True for _ in network.parameters())
            if self.config.torch_compile and (frozen or name == self.recipe.release()[0]):
                network.compile()
            if self.config.profile and frozen:
                self.watch.watch(network, name)

    def train(self) -> None:
        """Run to max_train_steps, from the newest checkpoint if there is one.

        Raises Stopped after a signal, when all is saved; TrainingFault, ValueError or FileNotFoundError that say what to do.
        """
        sources = sources_of(self.recipe, self.config)
        dataset = self._training_data(sources)
        held_out = self._held_out(sources)
        if self.config.dry_run:
            return self._dry_run(dataset)
        main = self.accelerator.is_main_process
        check_folder(self.out, self.settings, defaults_of(self.recipe), write=main)
        self.accelerator.print(json.dumps(self.settings, indent=2))
        newest = checkpoints.find(self.out / "checkpoints", self.config.resume_from_checkpoint)
        if newest:
            self._load(newest)
        self.log = RunLog(self.accelerator, self.config, self.settings, self.step)
        if main and self.config.push_to_hub:
            self.publisher = Publisher(self.out, self.recipe.card(), self.settings, list(self.released))
        first = self.step
        with StopSignals(60 * self.config.stretch_minutes) as signals, explained_memory(self.config):
            if first == 0:
                self._validate(held_out)
            self._run(dataset, held_out, signals)
        self.accelerator.wait_for_everyone()
        if main and self.step > first:
            self._draw(self.step - first)
        if self.publisher:
            self.publisher.finish()
        self.accelerator.end_training()

    def _training_data(self, sources: Sources) -> Dataset:
        dataset = self.recipe.dataset(sources, "train", self.config.resolution, self.config.seed)
        if sources.streaming != isinstance(dataset, IterableDataset):
            asked = "a stream" if sources.streaming else "samples by number"
            raise ValueError(f"{self.recipe.name} was asked for {asked} and has no such dataset.")
        return dataset

    def _held_out(self, sources: Sources) -> list[dict]:
        try:
            return validation_batches(self.recipe, sources, self.config)
        except FileNotFoundError as error:
            self.accelerator.print(f"No validation: {error}")
            return []

    def _run(self, dataset: Dataset, held_out: list[dict], signals: StopSignals) -> None:
        """The steps from here to the last."""
        batches = iter(self._loader(dataset))
        try:
            self._steps(batches, held_out, signals)
        finally:
            end_workers(batches)

    def _steps(self, batches: Iterator[dict], held_out: list[dict], signals: StopSignals) -> None:
        config, first = self.config, self.step
        pace = Pace(self.watch, self.step, self.whole_batch)
        bar = tqdm(
            total=config.max_train_steps, initial=self.step, disable=not self.accelerator.is_main_process, unit="step",
            dynamic_ncols=True,
        )  # fmt: skip
        logged: dict[str, float] = {}
        while self.step < config.max_train_steps:
            logged |= self._one_step(batches, signals)
            bar.update()
            last, stop = self.step == config.max_train_steps, self.turns.stop_asked
            if last or stop or self.step % config.logging_steps == 0:
                self._log({**logged, **pace.read(self.step)}, bar)
            if last or (stop and not signals.signal) or self.step % config.validation_steps == 0:
                self._validate(held_out)  # not after a signal, whose grace is short
                pace.restart(self.step)
            if last or stop or self.step % config.checkpointing_steps == 0:
                self._save()
            if last or stop:
                self._note_stretch(first)
            if stop and not last:
                self.accelerator.wait_for_everyone()
                self.accelerator.end_training()
                raise Stopped(f"{signals.asked or 'Another process was'} asked to stop; all is saved at step {self.step}")
        bar.close()

    def _one_step(self, batches: Iterator[dict], signals: StopSignals) -> dict[str, float]:
        """Every update whose turn it is, then the averages; returns the losses by name."""
        config, logged = self.config, {}
        seed_step(config.seed, self.step, self.accelerator.process_index)
        with self.watch("data"):
            parts = [self._part(batch) for batch in islice(batches, config.gradient_accumulation_steps)]
        for update in self.updates:
            if self.step % update.every == 0:
                with self.watch(update.name):
                    losses = self.turns.take(update, parts, self.step, stop=signals.asked is not None)
                logged |= losses
                self.losses_of[update.name] |= losses.keys()
        share_buffers(self.accelerator, self.kept.values())
        self.step += 1
        self.images += self.whole_batch
        with self.watch("average"):
            schedule.average(self.averaged, self.networks, self.step, config.ema_decay)
        return logged

    def _part(self, batch: dict) -> Part:
        self.skipped += int(batch.get("_skipped", torch.zeros(1)).sum())
        return self._to_device(batch), Shared()

    def _skipped_everywhere(self) -> int:
        """How many unreadable pictures all processes met; each must ask."""
        own = torch.tensor([float(self.skipped)], device=self.device)
        return int(self.accelerator.reduce(own, reduction="sum").item())

    def _log(self, values: dict[str, float], bar: tqdm) -> None:
        """A line of the log; too many unreadable pictures end the training."""
        skipped = self._skipped_everywhere()
        self.log.write({**values, "skipped_pictures": skipped, "skipped_turns": self.turns.not_finite.total}, self.step)
        bar.set_postfix({k: f"{v:.3g}" for k, v in values.items() if not k.startswith("_")}, refresh=False)
        check_skipped(skipped, self.images, self.config)

    def _loader(self, dataset: Dataset) -> DataLoader:
        config, accelerator = self.config, self.accelerator
        batches = StepSampler(
            self.step, config.max_train_steps, config.train_batch_size, accelerator.process_index, accelerator.num_processes,
            config.gradient_accumulation_steps, self.images,
        )  # fmt: skip
        pin = self.device.type == "cuda"
        return make_loader(dataset, batches, config.dataloader_num_workers, pin, config.dataloader_prefetch_factor)

    def _to_device(self, batch: dict) -> dict:
        return {
            name: value.to(
                self.device, non_blocking=True, memory_format=self.format if value.ndim == 4 else torch.preserve_format
            )
            for name, value in batch.items()
        }

    def _validate(self, batches: list[dict]) -> None:
        """A sheet and figures of the averages, by the main process."""
        if not batches or not self.accelerator.is_main_process:
            return
        sheet = self.out / "validation" / f"step-{self.step:08d}.png"
        self.metrics = validate(self.recipe, {**self.networks, **self.averaged}, batches, self._to_device, sheet)
        self.log.write(self.metrics, self.step)
        self.accelerator.print(f"step {self.step}: " + ", ".join(f"{k} {v:.4f}" for k, v in self.metrics.items()))

    def _note_stretch(self, first: int) -> None:
        if self.accelerator.is_main_process:
            seconds = time.perf_counter() - self.log.started
            note_stretch(self.out, first, self.step, self.images, seconds, self.device, self.metrics)

    def _draw(self, steps: int) -> None:
        """Curves of the whole run, and where the time of these ``steps`` went."""
        draw_curves(self.out / "log.jsonl", self.losses_of, self.out / "curves.png")
        if self.config.profile:
            self.accelerator.print(self.watch.table(steps))
            write_text(self.out / "profile.json", json.dumps({"steps": steps, "seconds": self.watch.seconds}, indent=2))

    def _save(self) -> None:
        """A checkpoint for resuming and a release for use; every process must ask."""
        skipped = self._skipped_everywhere()
        if not self.accelerator.is_main_process:
            return
        state = {"step": self.step, "images": self.images, "skipped_pictures": skipped, "turns": self.turns.state()}
        state |= {"settings": self.settings, "metrics": self.metrics, "configs": configs_of(self.released)}
        state["averaged"] = list(self.averaged)
        keep = self.config.checkpoints_total_limit
        checkpoints.save(self.out / "checkpoints", state, self.kept, self.averaged, self.turns.optimizers, keep)
        metrics = {"step": self.step, "images": self.images, "skipped_pictures": skipped, **self.metrics}
        save_release(self.out, self.released, self.recipe.card(), self.settings, metrics)
        if self.publisher:
            self.publisher.push()

    def _load(self, path: Path) -> None:
        state = checkpoints.load(path, self.kept, self.averaged, self.turns.optimizers)
        self.step, self.images, self.metrics = state["step"], state["images"], state["metrics"]
        self.skipped = state["skipped_pictures"] if self.accelerator.is_main_process else 0
        self.turns.load_state(state["turns"])
        self.accelerator.print(f"Going on from step {self.step} ({path}).")

    def _dry_run(self, dataset: Dataset) -> None:
        """One batch through every turn's loss, without a step."""
        with explained_memory(self.config):
            batches = iter(self._loader(dataset))
            try:
                batch, shared = self._part(next(batches))
            finally:
                end_workers(batches)
            self.accelerator.print(json.dumps(self.settings, indent=2))
            for name, network in self.trainable.items():
                self.accelerator.print(f"{name}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters")
            for update in self.updates:
                losses = update.loss(self.networks, batch, shared)
                self.accelerator.print(f"{update.name}: " + ", ".join(f"{k} {v.item():.4f}" for k, v in losses.items()))


def kept_networks(recipe: Recipe, networks: Networks) -> dict[str, nn.Module]:
    """The networks that checkpoints hold. Raises ValueError if the recipe leaves one out that trains."""
    names = recipe.kept(networks)
    lost = [n for n, net in networks.items() if n not in names and any(p.requires_grad for p in net.parameters())]
    if lost:
        raise ValueError(f"{recipe.name} trains {', '.join(lost)}, but its kept() leaves it out of checkpoints.")
    return {name: networks[name] for name in names}
