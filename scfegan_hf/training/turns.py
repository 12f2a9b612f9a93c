"""A turn of an optimiser: losses over the parts of a batch, one all-reduce, and a step if all of it is finite."""

import math

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn.utils import parametrize

from scfegan_hf.recipe import Networks, Shared, Update
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.faults import NonFinite
from scfegan_hf.training.optimizers import check_updates, key_of, make_optimizer, parameters_of
from scfegan_hf.training.processes import average_gradients
from scfegan_hf.training.schedule import rate_factor
from scfegan_hf.training.timing import Stopwatch

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}
Part = tuple[dict, Shared]  # a part of the batch, and what turns have left for each other on it


class Turns:
    """Optimisers, their rates, and in fp16 a scaler for each; updates that train the same networks share them.

    Raises ValueError for updates that contradict each other.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        networks: Networks,
        trainable: dict[str, nn.Module],
        updates: list[Update],
        config: TrainConfig,
        watch: Stopwatch,
    ):
        check_updates(updates, networks)
        self.accelerator, self.config, self.watch = accelerator, config, watch
        self.networks, self.trainable = networks, trainable
        self.device = accelerator.device
        self.optimizers, self.options, self.named = {}, {}, {}
        for update in updates:
            name = key_of(update)
            if name not in self.optimizers:
                self.named[name], self.options[name] = parameters_of(update, trainable), update.optimizer
                exact = config.mixed_precision == "no"
                self.optimizers[name] = make_optimizer(update.optimizer, self.named[name].values(), self.device, exact)
        half = config.mixed_precision == "fp16"
        self.scalers = {name: torch.amp.GradScaler(self.device.type) for name in self.optimizers} if half else {}
        self.not_finite = NonFinite(config.max_skipped_turns)
        self.stop_asked = False  # on any process; the same on all after each turn

    def take(self, update: Update, parts: list[Part], step: int, stop: bool = False) -> dict[str, float]:
        """One turn on this process's ``parts`` of the batch, in which all else is frozen.

        Returns the named losses, averaged over parts and processes. ``stop`` says that this process was asked to stop.
        Raises TrainingFault when too many turns in a row are not finite.
        """
        key = key_of(update)
        optimizer, scaler, parameters = self.optimizers[key], self.scalers.get(key), list(self.named[key].values())
        for name, network in self.trainable.items():
            network.requires_grad_(name in update.trains)
            iterate_once(network)
        for group in optimizer.param_groups:
            group["lr"] = self.options[key].learning_rate * self.rate(update, step)
        losses = self._backward(update, parts, scaler)
        reported = torch.stack([*losses.values(), torch.full((), float(stop), device=self.device)])
        with self.watch("communication"):
            reported = average_gradients(self.accelerator, parameters, reported)
        if scaler:
            scaler.unscale_(optimizer)
        gradients = [p.grad for p in parameters]
        largest = torch.stack(torch._foreach_norm(gradients, math.inf)).max()  # of squares a large but finite one is none
        *values, stopped, largest = torch.cat([reported, largest[None]]).tolist()  # the turn's one wait for a GPU
        self.stop_asked |= stopped > 0
        values = dict(zip(losses, values, strict=True))
        self._step(update, values, largest)
        optimizer.zero_grad()
        return values

    def _backward(self, update: Update, parts: list[Part], scaler) -> dict[str, Tensor]:
        """Gradients of the mean loss over the parts; the named losses as means."""
        losses: dict[str, Tensor] = {}
        precision = PRECISIONS.get(self.config.mixed_precision)
        for part, shared in parts:
            with torch.autocast(self.device.type, dtype=precision, enabled=precision is not None):
                terms = update.loss(self.networks, part, shared)
            total = sum(value for name, value in terms.items() if not name.startswith("_")) / len(parts)
            (scaler.scale(total) if scaler else total).backward()
            for name, value in terms.items():
                losses[name] = losses.get(name, 0) + value.detach().float() / len(parts)
        return losses

    def _step(self, update: Update, values: dict[str, float], largest: float) -> None:
        """Move the parameters, unless a loss or the largest gradient is not finite."""
        key = key_of(update)
        optimizer, scaler = self.optimizers[key], self.scalers.get(key)
        summed = [name for name in values if not name.startswith("_")]
        if all(math.isfinite(value) for value in (largest, *(values[name] for name in summed))):
            if self.config.max_grad_norm:
                nn.utils.clip_grad_norm_(self.named[key].values(), self.config.max_grad_norm)
            optimizer.step()
            self.not_finite.fine(update.name)
        else:
            self._skip(update, summed, values, scaler)
        if scaler:
            scaler.update()

    def _skip(self, update: Update, summed: list[str], values: dict[str, float], scaler) -> None:
        """Name what is not finite. In fp16 gradients overflow now and then, upon which the scaler halves its factor."""
        terms = [name for name in summed if not math.isfinite(values[name])]
        if not terms:
            if scaler and scaler.get_scale() > 1:
                return
            named = self.named[key_of(update)]
            terms = [f"gradient of {name}" for name, p in named.items() if not p.grad.isfinite().all()][:3]
        self.not_finite.skip(update.name, terms)

    def rate(self, update: Update, step: int) -> float:
        """Share of the learning rate at ``step``, by the optimiser's own schedule or the run's."""
        options, config = self.options[key_of(update)], self.config
        warmup = config.lr_warmup_steps if options.warmup_steps is None else options.warmup_steps
        return rate_factor(step, options.schedule or config.lr_scheduler, warmup, config.max_train_steps)

    def state(self) -> dict:
        """Numbers that a checkpoint needs beside the optimisers' tensors."""
        return {
            "scalers": {name: scaler.state_dict() for name, scaler in self.scalers.items()},
            "skipped": self.not_finite.total,
        }

    def load_state(self, state: dict) -> None:
        """Put `state` back."""
        for name, scaler in self.scalers.items():
            scaler.load_state_dict(state["scalers"][name])
        self.not_finite.total = state["skipped"]


@torch.no_grad()
def iterate_once(network: nn.Module) -> None:
    """Move what parametrisations keep (spectral norm's vectors) on by one, then hold it for the turn.

    Left to themselves they move with every forward pass, and a batch in two parts would be divided by two norms.
    """
    for module in network.modules():
        if parametrize.is_parametrized(module):
            for name, chain in module.parametrizations.items():
                chain.train()
                getattr(module, name)
                chain.eval()
