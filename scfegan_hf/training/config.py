"""How to train, whatever the recipe: one frozen dataclass from which flags, saved JSON and defaults derive."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TrainConfig:
    """Names follow the training scripts of diffusers where those have the same thing."""

    output_dir: str
    """Folder for checkpoints, logs, validation pictures and the trained networks."""
    train_data_dir: tuple[str, ...] = ()
    """Folders that `scfegan prepare` wrote; several are joined."""
    dataset_name: tuple[str, ...] = ()
    """Hub datasets of the same columns, joined to the folders."""
    streaming: bool = False
    """Read training rows as they arrive instead of storing them first, without sample workers: slower, for data that do
    not fit the disk."""
    pretrained_model_name_or_path: str | None = None
    """Folder or Hub repository of weights to start from; the discriminator is taken from discriminator/ if there."""
    resolution: int = 256
    """Side of the training squares in pixels."""
    train_batch_size: int = 8
    """Samples per process and step."""
    max_train_steps: int = 100_000
    """Training ends after this many steps in all, resumed ones included."""
    lr_scheduler: Literal["constant", "cosine"] = "constant"
    """After the warm-up: constant, or down to a twentieth along a cosine at max_train_steps."""
    lr_warmup_steps: int = 200
    """Steps over which learning rates rise from zero."""
    max_grad_norm: float = 0.0
    """Gradients of a turn are scaled down to this norm; 0 leaves them."""
    ema_decay: float = 0.999
    """Decay per step of the averaged weights, reached gradually; the averaged weights are the result."""
    mixed_precision: Literal["no", "bf16"] = "no"
    """Precision of the forward passes."""
    channels_last: bool = True
    """Keep pictures as NHWC in memory, which convolutions on CPUs and tensor cores prefer."""
    seed: int = 0
    """Everything random follows from it and the step."""
    dataloader_num_workers: int = 2
    """Processes that make samples, for each training process."""
    checkpointing_steps: int = 1000
    """Steps between checkpoints for resuming."""
    checkpoints_total_limit: int = 2
    """Older checkpoints are deleted."""
    resume_from_checkpoint: str = "latest"
    """"latest" goes on where output_dir stopped, a path goes on from there, "none" starts anew in an empty folder."""
    validation_steps: int = 1000
    """Steps between validations; the first is before the first step."""
    num_validation_images: int = 64
    """Validation samples that figures are averaged over; the first eight are shown."""
    logging_steps: int = 20
    """Steps between lines of the log."""
    report_to: str = "tensorboard"
    """Tracker of accelerate ("tensorboard", "wandb", "trackio") or "none"; log.jsonl is always written."""
    push_to_hub: bool = False
    """Upload the result at the end."""
    hub_model_id: str | None = None
    """Repository to upload to; the output folder's name without it."""
    weights_license: str = "other"
    """Licence that the training data leaves to the weights, for the card ("cc-by-nc-sa-4.0", "apache-2.0", ...)."""
    dry_run: bool = False
    """Print the configuration, check data and networks with one batch, write nothing."""


# What may differ between a run and its continuation.
FREE_TO_CHANGE = {
    "output_dir", "max_train_steps", "dataloader_num_workers", "checkpointing_steps", "checkpoints_total_limit",
    "resume_from_checkpoint", "validation_steps", "num_validation_images", "logging_steps", "report_to", "push_to_hub",
    "hub_model_id", "weights_license", "dry_run", "pretrained_model_name_or_path",
}  # fmt: skip
