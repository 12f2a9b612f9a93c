"""How to train, whatever the recipe: one frozen dataclass from which flags, saved JSON and defaults derive."""

from dataclasses import dataclass
from typing import Literal

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from scfegan_hf.ranges import check_range


@dataclass(frozen=True)
class TrainConfig:
    """Names follow the training scripts of diffusers where those have the same thing."""

    output_dir: str
    """Folder for checkpoints, logs, validation pictures and the trained networks."""
    train_data_dir: tuple[str, ...] = ()
    """Folders that `scfegan prepare` wrote, or whatever the recipe reads; several are joined. ROLE=FOLDER where a recipe reads
    data in several roles."""
    dataset_name: tuple[str, ...] = ()
    """Hub datasets of the same columns, joined to the folders; ROLE=NAME as above."""
    train_data_weights: tuple[float, ...] = ()
    """Share of the samples from each folder and dataset, in the order given; without, each counts by its size."""
    streaming: bool = False
    """Read training rows as they arrive instead of storing them first, each process its own share, with one sample worker
    at most: slower, for data that do not fit the disk."""
    max_skipped_share: float = 0.01
    """Samples whose picture cannot be read are replaced and counted; past this share of all, training stops."""
    pretrained_model_name_or_path: str | None = None
    """Folder or Hub repository of weights to start from; the discriminator is taken from discriminator/ if there."""
    resolution: int = 256
    """Side of the training squares in pixels."""
    train_batch_size: int = 8
    """Samples per process that go through the networks at once."""
    gradient_accumulation_steps: int = 1
    """Batches per process and step. A step of 8 samples is the same as 1 process x 8, 2 x 4, or 1 x 4 accumulated twice."""
    expect_processes: int | None = None
    """Refuse to run with another number of processes, for launchers that start one where several were meant."""
    max_train_steps: int = 100_000
    """Training ends after this many steps in all, resumed ones included."""
    stretch_minutes: float = 0.0
    """After so many minutes validate, save, note the stretch in stretches.jsonl and exit with 75; the same command goes on, on
    this machine or another. 0 is one stretch to the end."""
    lr_scheduler: Literal["constant", "cosine", "linear"] = "constant"
    """After the warm-up: constant, or down to a twentieth at max_train_steps, along a cosine, or along a line in the second
    half. A recipe may have others for some of its networks."""
    lr_warmup_steps: int = 200
    """Steps over which learning rates rise from zero."""
    max_grad_norm: float = 0.0
    """Gradients of a turn are scaled down to this norm; 0 leaves them."""
    ema_decay: float = 0.999
    """Decay per step of the averaged weights, reached gradually as (1 + step) / (10 + step) so that the start is forgotten;
    the averaged weights are the result."""
    max_skipped_turns: int = 20
    """A turn with a loss or gradient that is not finite takes no step and is counted; past so many in a row, training
    stops and names the term."""
    mixed_precision: Literal["no", "bf16", "fp16"] = "no"
    """Precision of the forward passes; fp16 scales its losses so that small gradients survive."""
    allow_tf32: bool = False
    """On NVIDIA GPUs, multiply fp32 matrices and convolve with ten bits of mantissa."""
    torch_compile: bool = False
    """Compile the first network of the release and the frozen ones; penalties differentiate the others twice, which compiled
    networks cannot."""
    channels_last: bool = True
    """Keep pictures as NHWC in memory, which convolutions on CPUs and tensor cores prefer."""
    seed: int = 0
    """Everything random follows from it and the step."""
    dataloader_num_workers: int = 2
    """Processes that make samples, for each training process."""
    dataloader_prefetch_factor: int = 4
    """Batches that each of them makes ahead."""
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
    profile: bool = False
    """Print at the end where the time of a step went; waits for the GPU after each part, which costs some speed."""
    push_to_hub: bool = False
    """Upload the release in the background at each checkpoint, and at the end."""
    hub_model_id: str | None = None
    """Repository to upload to; the output folder's name without it."""
    weights_license: str = "other"
    """Licence that the training data leaves to the weights, for the card ("cc-by-nc-sa-4.0", "apache-2.0", ...)."""
    dry_run: bool = False
    """Print the configuration, check data and networks with one batch, write nothing."""

    def __post_init__(self):
        """Raises ValueError in words for a number out of its range, and for a name that the Hub would not take."""
        for name, limits in RANGES.items():
            check_range(name, getattr(self, name), *limits)
        for weight in self.train_data_weights:
            check_range("train_data_weights", weight, 0, open_low=True)
        if self.expect_processes is not None:
            check_range("expect_processes", self.expect_processes, 1, 10**6)
        if self.hub_model_id:
            try:
                validate_repo_id(self.hub_model_id)
            except HFValidationError as error:
                raise ValueError(f"--hub_model_id: {str(error).splitlines()[0]}") from error


# Least and most.
RANGES = {
    "max_skipped_share": (0, 1), "resolution": (16, 4096), "train_batch_size": (1, 65_536),
    "gradient_accumulation_steps": (1, 65_536), "max_train_steps": (1, 10**9), "stretch_minutes": (0, 10**6),
    "lr_warmup_steps": (0, 10**9), "max_grad_norm": (0, 1e9), "ema_decay": (0, 1), "max_skipped_turns": (0, 10**9),
    "seed": (0, 2**31 - 1), "dataloader_num_workers": (0, 512), "dataloader_prefetch_factor": (1, 1024),
    "checkpointing_steps": (1, 10**9), "checkpoints_total_limit": (1, 10**6), "validation_steps": (1, 10**9),
    "num_validation_images": (1, 10**6), "logging_steps": (1, 10**9),
}  # fmt: skip

# What may differ between a run and its continuation.
FREE_TO_CHANGE = {
    "output_dir", "max_train_steps", "dataloader_num_workers", "checkpointing_steps", "checkpoints_total_limit",
    "resume_from_checkpoint", "validation_steps", "num_validation_images", "logging_steps", "report_to", "push_to_hub",
    "hub_model_id", "weights_license", "dry_run", "pretrained_model_name_or_path", "processes", "expect_processes",
    "max_skipped_share", "stretch_minutes", "max_skipped_turns", "dataloader_prefetch_factor", "profile", "torch_compile",
}  # fmt: skip
# May change together with the number of processes, as long as a step takes as many samples.
WHOLE_BATCH = ("train_batch_size", "gradient_accumulation_steps", "processes")
