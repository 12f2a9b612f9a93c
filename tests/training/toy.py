"""A recipe small enough to follow by hand."""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.models.hub import HubNetwork
from scfegan_hf.recipe import Card, Optimizer, Recipe, Role, Update
from scfegan_hf.training.config import TrainConfig


class Point(nn.Module, HubNetwork):
    """Numbers to train."""

    def __init__(self, start: float = 1.0, size: int = 2):
        super().__init__()
        self.weight = nn.Parameter(torch.full((size,), start))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.calls += 1
        return x * self.weight[:2]


class Numbers(Dataset):
    """The n-th sample is n; three rows for validation."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, n: int) -> dict[str, Tensor]:
        return {"x": torch.tensor([float(n), 1.0]), "picture": torch.full((3, 4, 4), n / 10)}


@dataclass(frozen=True)
class Toy(Recipe):
    """Pulls two points apart; `turns` notes who took a turn, with which batch and who was frozen."""

    name: str = field(default="toy", init=False, repr=False)
    turns: ClassVar[list] = []
    learning_rate: float = 0.01
    noise: float = 0.0
    every: int = 1

    def networks(self, resolution=256):
        return {"generator": Point(1.0), "critic": Point(-1.0), "frozen": Point(5.0).requires_grad_(False)}

    def roles(self):
        return {"numbers": Role((), "any name at all")}

    def dataset(self, sources, split, resolution, seed):
        return Numbers()

    def turn(self, name: str):
        def loss(networks, batch, shared) -> dict[str, Tensor]:
            trained = {n for n, network in networks.items() if any(p.requires_grad for p in network.parameters())}
            self.turns.append((name, batch["x"][:, 0].tolist(), trained))
            network = networks["generator" if name == "generator" else "critic"]
            sum_ = network(batch["x"]).sum()
            return {f"loss_of_{name}": sum_, "_shown": self.noise * sum_}

        return loss

    def updates(self):
        adam = Optimizer(self.learning_rate)
        return [
            Update("generator", ("generator",), self.turn("generator"), adam),
            Update("critic", ("critic",), self.turn("critic"), adam),
            Update("extra", ("critic",), self.turn("extra"), adam, every=self.every),
        ]

    def card(self):
        return Card(
            title="two points apart", task="tabular-regression", tags=("toy",), about="A toy.", usage="It is of no use.",
            sheet="Grey squares", limits="- It is a toy.", ethics="It harms nobody.",
        )  # fmt: skip

    def sample(self, networks, batch):
        return {"picture": batch["picture"]}

    def metrics(self, networks, batch):
        return {"first": batch["x"][:, 0], "weight": networks["generator"].weight[:1].expand(len(batch["x"]))}


def toy_config(folder, **options) -> TrainConfig:
    """Four steps of two samples."""
    given = dict(
        output_dir=str(folder), train_data_dir=("numbers",), train_batch_size=2, max_train_steps=4, lr_warmup_steps=1,
        dataloader_num_workers=0, report_to="none", logging_steps=2, validation_steps=100,
    )  # fmt: skip
    return TrainConfig(**{**given, **options})
