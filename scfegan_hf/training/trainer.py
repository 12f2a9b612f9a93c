"""The training loop: fetch, turns, average, log, save. It knows no recipe by name."""

import copy
import json
import time
from itertools import islice
from pathlib import Path

import torch
from accelerate.utils import set_seed
from torch.utils.data import DataLoader
from tqdm import tqdm

from scfegan_hf.data.order import StepSampler
from scfegan_hf.files import write_text
from scfegan_hf.recipe import Recipe
from scfegan_hf.training import checkpoints, schedule
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.continuing import check_folder, settings_of
from scfegan_hf.training.faults import Stopped, StopSignals, check_skipped, explained_memory
from scfegan_hf.training.hub import configs_of, load_initial_weights, save_release
from scfegan_hf.training.processes import make_loader, start_processes
from scfegan_hf.training.publishing import Publisher
from scfegan_hf.training.timing import Stopwatch
from scfegan_hf.training.turns import Turns
from scfegan_hf.training.validation import validate, validation_batches
from scfegan_hf.training.watching import RunLog, check_tracker, draw_curves


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
        self.networks = {name: net.to(self.device, memory_format=self.format) for name, net in recipe.networks().items()}
        self.trainable = {name: net for name, net in self.networks.items() if any(p.requires_grad for p in net.parameters())}
        if config.pretrained_model_name_or_path:
            load_initial_weights({n: self.trainable[n] for n in recipe.release()}, config.pretrained_model_name_or_path)
        self.averaged = {n: copy.deepcopy(self.trainable[n]).requires_grad_(False).eval() for n in recipe.release()}
        self.watch = Stopwatch(self.device, exact=config.profile)
        for name, network in self.networks.items():
            frozen = name not in self.trainable
            if config.torch_compile and (frozen or name == recipe.release()[0]):
                network.compile()
            if config.profile and frozen:
                self.watch.watch(network, name)
        self.updates = recipe.updates()
        self.turns = Turns(self.accelerator, self.networks, self.trainable, self.updates, config, self.watch)
        self.whole_batch = config.train_batch_size * config.gradient_accumulation_steps * self.accelerator.num_processes
        self.settings = settings_of(recipe, config, self.accelerator.num_processes)
        self.step, self.images, self.skipped, self.metrics = 0, 0, 0, {}
        self.losses_of: dict[str, set[str]] = {update.name: set() for update in self.updates}

    def train(self) -> None:
        """Run to max_train_steps, from the newest checkpoint if there is one.

        Raises Stopped after a signal, when all is saved; TrainingFault, ValueError or FileNotFoundError that say what to do.
        """
        config = self.config
        folders = (*config.train_data_dir, *config.dataset_name)
        if not folders:
            raise ValueError("Give --train_data_dir FOLDER (made by `scfegan prepare`) or --dataset_name NAME.")
        # Recipes need not know of what is not asked for.
        loading = {"streaming": True} if config.streaming else {}
        loading |= {"weights": config.train_data_weights} if config.train_data_weights else {}
        dataset = self.recipe.dataset(folders, "train", config.resolution, config.seed, **loading)
        try:
            held_out = validation_batches(self.recipe, folders, config)
        except FileNotFoundError as error:
            self.accelerator.print(f"No validation: {error}")
            held_out = []
        if config.dry_run:
            return self._dry_run(dataset)
        main = self.accelerator.is_main_process
        check_folder(self.out, self.settings, write=main)
        self.accelerator.print(json.dumps(self.settings, indent=2))
        found = checkpoints.find(self.out / "checkpoints", config.resume_from_checkpoint)
        if found:
            self._load(found)
        self.log = RunLog(self.accelerator, config, self.settings, self.step)
        publisher = Publisher(self.out, self.settings, list(self.averaged)) if main and config.push_to_hub else None
        first = self.step
        with StopSignals() as signals, explained_memory(config):
            if first == 0 and main:
                self._validate(held_out)
            self._run(dataset, held_out, signals, publisher)
        self.accelerator.wait_for_everyone()
        if main and self.step > first:
            draw_curves(self.out / "log.jsonl", self.losses_of, self.out / "curves.png")
            if config.profile:
                self.accelerator.print(self.watch.table(self.step - first))
                profile = {"steps": self.step - first, "seconds": self.watch.seconds}
                write_text(self.out / "profile.json", json.dumps(profile, indent=2))
        if publisher:
            publisher.finish()
        self.accelerator.end_training()

    def _run(self, dataset, held_out: list[dict], signals: StopSignals, publisher: Publisher | None) -> None:
        """The steps from here to the last."""
        config, main = self.config, self.accelerator.is_main_process
        bar = tqdm(total=config.max_train_steps, initial=self.step, disable=not main, unit="step", dynamic_ncols=True)
        batches = iter(self._loader(dataset))
        logged: dict[str, float] = {}
        since, since_step, waited = time.perf_counter(), self.step, 0.0
        while self.step < config.max_train_steps:
            with self.watch("data"):
                parts = [self._to_device(batch) for batch in islice(batches, config.gradient_accumulation_steps)]
            for update in self.updates:
                if self.step % update.every == 0:
                    with self.watch(update.name):
                        losses = self.turns.take(update, parts, self.step, stop=signals.asked is not None)
                    logged |= losses
                    self.losses_of[update.name] |= losses.keys()
            self.step += 1
            self.images += self.whole_batch
            with self.watch("average"):
                schedule.average(self.averaged, self.networks, self.step, config.ema_decay)
            bar.update()
            last = self.step == config.max_train_steps
            if last or self.turns.stop_asked or self.step % config.logging_steps == 0:
                seconds, data = time.perf_counter() - since, self.watch.seconds["data"]
                values = {**logged, "images_per_second": (self.step - since_step) * self.whole_batch / seconds}
                values["data_wait"] = (data - waited) / seconds  # share of the time in which networks had nothing to do
                self._log(values)
                bar.set_postfix({k: f"{v:.3g}" for k, v in values.items() if not k.startswith("_")}, refresh=False)
                since, since_step, waited = time.perf_counter(), self.step, data
            if main and (last or self.step % config.validation_steps == 0):
                self._validate(held_out)
                since, since_step, waited = time.perf_counter(), self.step, self.watch.seconds["data"]
            if last or self.turns.stop_asked or self.step % config.checkpointing_steps == 0:
                self._save(publisher)
            if self.turns.stop_asked and not last:
                self.accelerator.wait_for_everyone()
                self.accelerator.end_training()
                raise Stopped(f"{signals.asked or 'Another process was'} asked to stop; all is saved at step {self.step}")
        bar.close()

    def _skipped_everywhere(self) -> int:
        """How many unreadable pictures all processes met; each must ask."""
        own = torch.tensor([float(self.skipped)], device=self.device)
        return int(self.accelerator.reduce(own, reduction="sum").item())

    def _log(self, values: dict[str, float]) -> None:
        """A line of the log; too many unreadable pictures end the training."""
        skipped = self._skipped_everywhere()
        self.log.write({**values, "skipped_pictures": skipped, "skipped_turns": self.turns.not_finite.total}, self.step)
        check_skipped(skipped, self.images, self.config)

    def _loader(self, dataset) -> DataLoader:
        config, accelerator = self.config, self.accelerator
        batches = StepSampler(
            self.step, config.max_train_steps, config.train_batch_size, accelerator.process_index, accelerator.num_processes,
            config.gradient_accumulation_steps, self.images,
        )  # fmt: skip
        pin = self.device.type == "cuda"
        return make_loader(dataset, batches, config.dataloader_num_workers, pin, config.dataloader_prefetch_factor)

    def _to_device(self, batch: dict) -> dict:
        self.skipped += int(batch.get("_skipped", torch.zeros(1)).sum())
        return {
            name: value.to(
                self.device, non_blocking=True, memory_format=self.format if value.ndim == 4 else torch.preserve_format
            )
            for name, value in batch.items()
        }

    def _validate(self, batches: list[dict]) -> None:
        if not batches:
            return
        sheet = self.out / "validation" / f"step-{self.step:08d}.png"
        self.metrics = validate(self.recipe, {**self.networks, **self.averaged}, batches, self._to_device, sheet)
        self.log.write(self.metrics, self.step)
        self.accelerator.print(f"step {self.step}: " + ", ".join(f"{k} {v:.4f}" for k, v in self.metrics.items()))

    def _save(self, publisher: Publisher | None) -> None:
        """A checkpoint for resuming and a release for use; every process must ask."""
        skipped = self._skipped_everywhere()
        if not self.accelerator.is_main_process:
            return
        state = {"step": self.step, "images": self.images, "skipped_pictures": skipped, "turns": self.turns.state()}
        state |= {"settings": self.settings, "metrics": self.metrics, "configs": configs_of(self.averaged)}
        keep = self.config.checkpoints_total_limit
        checkpoints.save(self.out / "checkpoints", state, self.trainable, self.averaged, self.turns.optimizers, keep)
        metrics = {"step": self.step, "images": self.images, "skipped_pictures": skipped, **self.metrics}
        save_release(self.out, self.averaged, self.settings, metrics)
        if publisher:
            publisher.push()

    def _load(self, path: Path) -> None:
        state = checkpoints.load(path, self.trainable, self.averaged, self.turns.optimizers)
        self.step, self.images, self.metrics = state["step"], state["images"], state["metrics"]
        self.skipped = state["skipped_pictures"] if self.accelerator.is_main_process else 0
        self.turns.load_state(state["turns"])
        self.accelerator.print(f"Going on from step {self.step} ({path}).")

    def _dry_run(self, dataset) -> None:
        """One batch through every turn's loss, without a step."""
        with explained_memory(self.config):
            batch = self._to_device(next(iter(self._loader(dataset))))
            self.accelerator.print(json.dumps(self.settings, indent=2))
            for name, network in self.trainable.items():
                self.accelerator.print(f"{name}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters")
            for update in self.updates:
                losses = update.loss(self.networks, batch)
                self.accelerator.print(f"{update.name}: " + ", ".join(f"{k} {v.item():.4f}" for k, v in losses.items()))
