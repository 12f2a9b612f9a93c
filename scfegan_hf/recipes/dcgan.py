"""DCGAN: faces, or other pictures, from noise by convolutional networks (Radford et al. 2016), as published and ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.data.plain import noise, picture_sample
from scfegan_hf.data.samples import Sample, samples_of
from scfegan_hf.evaluation import sets
from scfegan_hf.layers.augment import augment
from scfegan_hf.losses.adversarial import called, pair_loss
from scfegan_hf.losses.penalties import zero_gradient_penalty
from scfegan_hf.models.dcgan import DCGANDiscriminator, DCGANGenerator
from scfegan_hf.models.features import feature_network
from scfegan_hf.recipe import Batch, Card, Losses, Networks, Optimizer, Recipe, Role, Shared, Sources, Update


@dataclass(frozen=True)
class DCGAN(Recipe):
    """Hyper-parameters. ``--preset reference`` is reference document 001's form; the rest is for ours alone, as marked."""

    name: str = field(default="dcgan", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 64, "train_batch_size": 32, "ema_decay": 0.998, "num_validation_images": 500, "lr_warmup_steps": 0,
    }  # fmt: skip
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "z_size": (1, 65_536),
        "width": (1, 1024),
        "penalty_every": (1, 10**6),
    }

    preset: Literal["ours", "reference"] = "ours"
    z_size: int = 100  # Radford et al. 2016
    width: int = 32  # ours: channels at the finest level of both networks; reference: 64 and 16
    gamma: float = 1.0  # ours: weight of R1 and R2 (Huang et al. 2024, R3GAN)
    penalty_every: int = 8  # ours: lazy regularisation (Karras et al. 2020, section 3.1)
    augment: bool = True  # ours: Zhao et al. 2020, for small sets of pictures
    mirror: bool = True  # turn half of the pictures left to right
    learning_rate: float = 2e-4  # Radford et al. 2016; the reference's is 3e-4
    feature_weights: str | None = None  # safetensors of SqueezeNet 1.0, by whose features validation compares sets

    @property
    def as_reference(self) -> bool:
        """Whether networks and losses are the reference document's."""
        return self.preset == "reference"

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        if self.as_reference:
            networks = {
                "generator": DCGANGenerator(self.z_size, 64, resolution, "published"),
                "discriminator": DCGANDiscriminator(16, resolution, "published"),
            }
        else:
            networks = {
                "generator": DCGANGenerator(self.z_size, self.width, resolution),
                "discriminator": DCGANDiscriminator(self.width, resolution),
            }
        if self.feature_weights:
            networks["features"] = feature_network("squeezenet", self.feature_weights)
        return networks

    def roles(self) -> dict[str, Role]:
        return {"pictures": Role(("image",), "pictures, plain or as `scfegan prepare` wrote them")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        make = partial(noisy_picture, side=resolution, seed=seed, mirror=self.mirror, z_size=self.z_size)
        return samples_of(sources["pictures"], split, make, seed, ("image",), sources.streaming, sources.weights)

    def updates(self) -> list[Update]:
        betas = (0.5, 0.999) if self.as_reference else (0.0, 0.99)  # the latter as R3GAN
        how = Optimizer(self.learning_rate, betas=betas)
        turns = [
            Update("discriminator", ("discriminator",), self.discriminator_turn, how),
            Update("generator", ("generator",), self.generator_turn, how),
        ]
        if self.gamma and not self.as_reference:
            turns.append(Update("penalty", ("discriminator",), self.penalty_turn, how, every=self.penalty_every))
        return turns

    def release(self) -> tuple[str, ...]:
        return ("generator", "discriminator")

    def averaged(self) -> tuple[str, ...]:
        return ("generator",)

    def seen(self, images: Tensor) -> Tensor:
        """Pictures as the discriminator sees them."""
        return augment(images) if self.augment and not self.as_reference else images

    def discriminator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        with torch.no_grad():
            fake = networks["generator"](batch["z"][:, 0])
        real, fake = (networks["discriminator"](self.seen(images)) for images in (batch["image"], fake))
        told = {"_real_logits": real.float().mean(), "_fake_logits": fake.float().mean()}
        if self.as_reference:
            return {"real": called(real, 1.0), "fake": called(fake, 0.0), **told}
        return {"discriminator": pair_loss(real, fake), **told}

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        fake = networks["discriminator"](self.seen(networks["generator"](batch["z"][:, 1])))
        if self.as_reference:
            return {"generator": called(fake, 1.0)}
        real = networks["discriminator"](self.seen(batch["image"]))
        return {"generator": pair_loss(fake, real)}

    def penalty_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """R1 and R2, weighted up by how seldom they are paid."""
        with torch.no_grad():
            fake = networks["generator"](batch["z"][:, 0])
        losses = {}
        for name, images in (("r1", batch["image"]), ("r2", fake)):
            points = self.seen(images).detach().float().requires_grad_(True)
            with torch.autocast(points.device.type, enabled=False):  # double backward in full precision
                penalty = zero_gradient_penalty(networks["discriminator"](points), points)
            losses[name] = 0.5 * self.gamma * self.penalty_every * penalty
        return losses

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        rows = {f"generated {number}": networks["generator"](z) for number, z in enumerate(batch["z"].unbind(1), 1)}
        return {"pictures": batch["image"], **rows}

    @torch.no_grad()
    def evaluate(self, networks: Networks, batches: Iterable[Batch]) -> dict[str, float]:
        """Figures of as many generated pictures as there are held-out ones."""
        pairs = []
        for batch in batches:
            generated = networks["generator"](batch["z"][:, 0])
            pairs.append(tuple(sets.vectors(networks.get("features"), images) for images in (batch["image"], generated)))
        real, fake = (torch.cat(part).numpy() for part in zip(*pairs, strict=True))
        space = "squeezenet" if "features" in networks else "means"
        return {f"{name}_of_{space}": value for name, value in sets.figures(real, fake).items()}

    def card(self) -> Card:
        form = "as published, at 64 pixels" if self.as_reference else "with convolutions that leave no checkerboard"
        return Card(
            title="pictures from noise",
            task="unconditional-image-generation",
            tags=("gan", "dcgan"),
            about=f"A convolutional generator (DCGAN, Radford et al. 2016), {form}; where it departs from the paper, "
            "`docs/decisions.md` of the project says why.",
            usage=USAGE,
            sheet="Pictures that were held out, and below them pictures from noise",
            limits="- Small pictures of the kind that it was trained on.\n"
            "- What is rare in its data it makes seldom, or badly.",
            ethics="Generated faces are of nobody, yet may resemble someone in the training data. Say that a picture was "
            "generated. The biases of the data, in age, skin and pose, are those of the results.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["DCGAN", dict[str, Any]]:
        return cls(width=16, z_size=4, penalty_every=2), {"resolution": 16}


def noisy_picture(row: dict, n: int, other=None, *, side: int, seed: int, mirror: bool, z_size: int) -> Sample:
    """A picture (3, side, side), and noise (2, z_size), uniform in [-1, 1], to generate others from."""
    picture = picture_sample(row, n, side=side, seed=seed, mirror=mirror and other is not None)
    return {**picture, "z": noise(seed, n, 2, z_size, uniform=True)}


USAGE = """```python
import torch
from scfegan_hf.models.dcgan import DCGANGenerator

generator = DCGANGenerator.from_pretrained("{repository}")
with torch.no_grad():
    pictures = generator(2 * torch.rand(16, generator.z_size) - 1)  # (16, 3, side, side) in [-1, 1]
```"""
CITATION = """@inproceedings{radford2016unsupervised,
  title     = {Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks},
  author    = {Radford, Alec and Metz, Luke and Chintala, Soumith},
  booktitle = {International Conference on Learning Representations},
  year      = {2016}
}"""

RECIPE = DCGAN
