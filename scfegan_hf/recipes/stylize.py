"""Photographs in the style of any picture by one pass of a network (Johnson et al. 2016; Ghiasi et al. 2017), without a GAN."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.data.plain import picture_sample
from scfegan_hf.data.samples import Joined, Sample, samples_of
from scfegan_hf.losses.perceptual import gram_matrix
from scfegan_hf.models.lpips import AlexNetFeatures, VGG16Layers, lpips_network, save_untrained
from scfegan_hf.models.style import STRIDE, StylePainter
from scfegan_hf.recipe import (
    Batch,
    Card,
    Losses,
    Networks,
    Optimizer,
    Recipe,
    Role,
    Shared,
    Sources,
    Update,
    from_options,
)

STYLED, KEPT = (0, 1, 2, 3), (1, 2)  # layers of features whose statistics are the style, and whose places are the content
FEATURES = {"alexnet": AlexNetFeatures, "vgg16": VGG16Layers}
STYLE_SIDE = 128  # pixels at which a style is read


@dataclass(frozen=True)
class Stylize(Recipe):
    """Hyper-parameters, all ours but for the losses' form."""

    name: str = field(default="stylize", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 192,
        "train_batch_size": 16,
        "ema_decay": 0.995,
        "lr_warmup_steps": 50,
    }
    loading: ClassVar[frozenset[str]] = frozenset({"weights"})

    network_options: str = "{}"  # JSON object of the network's constructor arguments
    perceptual: Literal["alexnet", "vgg16"] = "vgg16"
    perceptual_weights: str | None = None  # safetensors of that network (with LPIPS's heads)
    content: float = 1.0  # weight of features' places, Johnson et al. eq. 1, by features of mean 0 and deviation 1
    gram: float = 2.0  # weight of Gram matrices, Johnson et al. eq. 4, as a part of the style's own
    statistics: float = 2.0  # weight of means and deviations (Huang & Belongie 2017, eq. 13), likewise
    itself: float = 0.1  # share of samples whose style is the photograph's own
    smooth: float = 0.05  # weight of differences of neighbours
    learning_rate: float = 1e-3

    def networks(self, resolution: int = 192) -> dict[str, nn.Module]:
        if resolution % STRIDE:
            raise ValueError(f"--resolution must be divisible by {STRIDE}, not {resolution}.")
        painter = from_options(StylePainter, self.network_options, "network_options")
        return {"painter": painter, "features": lpips_network(self.perceptual_weights, FEATURES[self.perceptual])}

    def roles(self) -> dict[str, Role]:
        return {"photographs": Role(("image",), "photographs"), "styles": Role(("image",), "pictures to paint like")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        parts = []
        for number, name in enumerate(("photographs", "styles")):
            make = partial(cut_out, name=name, side=resolution, seed=seed + number, train=split == "train")
            parts.append(samples_of(sources[name], split, make, seed + number, ("image",), False, sources.weights))
        return Joined(*parts)

    def release(self) -> tuple[str, ...]:
        return ("painter",)

    def averaged(self) -> tuple[str, ...]:
        return ("painter",)

    def updates(self) -> list[Update]:
        return [Update("painter", ("painter",), self.painter_turn, Optimizer(self.learning_rate, betas=(0.9, 0.999)))]

    def painter_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        photographs, own = batch["photographs"], torch.rand(len(batch["photographs"]), 1, 1, 1) < self.itself
        styles = torch.where(own.to(photographs.device), photographs, batch["styles"])
        painted = paint(networks["painter"], photographs, styles)
        with torch.no_grad():
            content, style = networks["features"](photographs), networks["features"](styles)
        answer = networks["features"](painted)
        across, down = painted.diff(dim=3).abs().mean(), painted.diff(dim=2).abs().mean()
        return {
            "content": self.content * sum(content_loss(answer[layer], content[layer]) for layer in KEPT),
            "gram": self.gram * sum(gram_loss(answer[layer], style[layer]) for layer in STYLED),
            "statistics": self.statistics * sum(statistics_loss(answer[layer], style[layer]) for layer in STYLED),
            "smooth": self.smooth * (across + down),
        }

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        painted = paint(networks["painter"], batch["photographs"], batch["styles"])
        return {"photograph": batch["photographs"], "style": batch["styles"], "painted": painted.clamp(-1, 1)}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample: what is left of the photograph's content, and of the style's statistics."""
        painted = paint(networks["painter"], batch["photographs"], batch["styles"])
        content, style, answer = (networks["features"](x) for x in (batch["photographs"], batch["styles"], painted))
        return {
            "content": sum(content_loss(answer[layer], content[layer], each=True) for layer in KEPT),
            "statistics": sum(statistics_loss(answer[layer], style[layer], each=True) for layer in STYLED),
        }

    def card(self) -> Card:
        return Card(
            title="a photograph painted like another picture",
            task="image-to-image",
            tags=("style-transfer", "portrait"),
            about="A feed-forward network paints a photograph in the style of any picture, which another small network reads "
            "(Ghiasi et al. 2017), trained by features alone (Johnson et al. 2016).",
            usage=USAGE,
            sheet="Photographs, styles, and the photographs painted so",
            limits="- It copies colours, contrast and the texture of the brush, not how a painter draws.\n"
            "- The size of strokes is one of pixels: large pictures are painted finer.",
            ethics="Say that a picture was painted by a machine. A living artist's style is theirs to lend.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Stylize", dict[str, Any]]:
        weights = save_untrained(folder / "random-alexnet.safetensors")
        options = '{"width": 8, "blocks": 1, "z_size": 4}'
        return cls(options, perceptual="alexnet", perceptual_weights=weights), {"resolution": 64}


def cut_out(row: dict, n: int, other=None, *, name: str, side: int, seed: int, train: bool) -> Sample:
    """A square of a picture, in training at random and turned left to right half the time, as ``name``: (3, side, side)."""
    if not train:
        return {name: picture_sample(row, n, side=side, seed=seed)["image"]}
    rng = np.random.default_rng((seed, 8, n))
    large = picture_sample(row, n, side=int(side * rng.uniform(1.0, 1.3)), seed=seed, mirror=True)["image"]
    top, left = rng.integers(large.shape[1] - side + 1, size=2)
    return {name: large[:, top : top + side, left : left + side].contiguous()}


def paint(painter: nn.Module, photographs: Tensor, styles: Tensor) -> Tensor:
    """Photographs (N, 3, R, R) painted like pictures of any size."""
    return painter(photographs, painter.style(F.interpolate(styles, size=(STYLE_SIDE, STYLE_SIDE), mode="area")))


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Means and deviations (N, C) over the picture, in fp32."""
    flat = features.float().flatten(2)
    return flat.mean(2), (flat.var(2, unbiased=False) + 1e-6).sqrt()


def content_loss(answer: Tensor, content: Tensor, each: bool = False) -> Tensor:
    """Mean squared difference of features of mean 0 and deviation 1 in each channel, whatever its colours; (N,) if ``each``."""
    apart = (F.instance_norm(answer.float()) - F.instance_norm(content.float())).square().mean((1, 2, 3))
    return apart if each else apart.mean()


def statistics_loss(answer: Tensor, style: Tensor, each: bool = False) -> Tensor:
    """Squared differences of means and deviations as a part of the style's own; (N,) if ``each``."""
    apart = sum((x - y).square().mean(1) for x, y in zip(_moments(answer), _moments(style), strict=True))
    share = apart / sum(y.square().mean(1) for y in _moments(style)).clamp_min(1e-8)
    return share if each else share.mean()


def gram_loss(answer: Tensor, style: Tensor) -> Tensor:
    """Squared difference of Gram matrices as a part of the style's own."""
    mine, theirs = gram_matrix(answer), gram_matrix(style)
    return ((mine - theirs).square().sum((1, 2)) / theirs.square().sum((1, 2)).clamp_min(1e-12)).mean()


USAGE = """```python
from scfegan_hf.portrait.style import StylePipeline

pipe = StylePipeline.from_pretrained("{repository}")
pipe("photo.jpg", "painting.jpg", strength=0.8).save("painted.png")
```"""
CITATION = """@inproceedings{ghiasi2017exploring,
  title     = {Exploring the Structure of a Real-Time, Arbitrary Neural Artistic Stylization Network},
  author    = {Ghiasi, Golnaz and Lee, Honglak and Kudlur, Manjunath and Dumoulin, Vincent and Shlens, Jonathon},
  booktitle = {British Machine Vision Conference},
  year      = {2017}
}"""

RECIPE = Stylize
