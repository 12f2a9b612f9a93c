"""The first GAN (Goodfellow et al. 2014): two networks of fully connected layers, on digits or grey pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.data.plain import digits, noise, picture_sample, remember
from scfegan_hf.data.samples import Sample, Samples, samples_of
from scfegan_hf.evaluation import sets
from scfegan_hf.losses.adversarial import called
from scfegan_hf.models.mlp import MLPDiscriminator, MLPGenerator
from scfegan_hf.recipe import Batch, Card, Losses, Networks, Optimizer, Recipe, Role, Shared, Sources, Update

FEATURES = 8  # side of the means of pixels by which sets are compared


@dataclass(frozen=True)
class Vanilla(Recipe):
    """Hyper-parameters. "Seed" is reference document 004's form, which ``--as_seed`` takes for all that it says of."""

    name: str = field(default="vanilla", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 28, "train_batch_size": 64, "max_train_steps": 4000, "lr_warmup_steps": 0, "logging_steps": 100,
        "num_validation_images": 500, "validation_steps": 500, "checkpointing_steps": 500, "dataloader_num_workers": 0,
    }  # fmt: skip
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "hidden": (1, 65_536), "seed_hidden": (1, 65_536), "z_size": (1, 65_536), "dropout": (0, 0.99), "smoothing": (0.5, 1),
        "beta1": (0, 0.9999),
    }  # fmt: skip

    as_seed: bool = False  # one hidden layer, batch norm everywhere, noise of deviation 0.1, sums of losses
    hidden: tuple[int, ...] = (128, 256, 512)  # ours; the generator's, and in reverse the discriminator's. Seed: seed_hidden
    seed_hidden: int = 256  # ours: the seed does not say
    z_size: int = 100  # ours: the seed does not say
    dropout: float = 0.3  # in the discriminator; ours, seed: batch norm in its place
    smoothing: float = 0.9  # what real pictures are called (Salimans et al. 2016, section 3.4); seed: 1
    mirror: bool = False  # turn half of the pictures left to right: for faces, not for digits
    learning_rate: float = 2e-4  # Radford et al. 2016
    beta1: float = 0.5  # Radford et al. 2016

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        if self.as_seed:
            return {
                "generator": MLPGenerator(self.z_size, (self.seed_hidden,), resolution, output_norm=True, deviation=0.1),
                "discriminator": MLPDiscriminator((self.seed_hidden,), resolution, norm=True, leak=0.01),
            }
        return {
            "generator": MLPGenerator(self.z_size, self.hidden, resolution),
            "discriminator": MLPDiscriminator(self.hidden[::-1], resolution, dropout=self.dropout),
        }

    def roles(self) -> dict[str, Role]:
        return {"pictures": Role(("image",), "pictures of any kind; without, scikit-learn's 1,797 digits", optional=True)}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        make = partial(noisy_picture, side=resolution, seed=seed, mirror=self.mirror, z_size=self.z_size)
        folders = sources["pictures"]
        if folders:
            samples = samples_of(folders, split, make, seed, ("image",), sources.streaming, sources.weights)
            return remember(samples, resolution) if isinstance(samples, Samples) else samples
        if sources.streaming:
            raise ValueError("scikit-learn's digits do not stream. Leave out --streaming, or give --train_data_dir.")
        return Samples(digits(split), make, seed, split == "train", decode=dict)

    def updates(self) -> list[Update]:
        how = Optimizer(self.learning_rate, betas=(self.beta1, 0.999))
        return [
            Update("discriminator", ("discriminator",), self.discriminator_turn, how),
            Update("generator", ("generator",), self.generator_turn, how),
        ]

    def release(self) -> tuple[str, ...]:
        return ("generator", "discriminator")

    def averaged(self) -> tuple[str, ...]:
        return ("generator",)

    def generate(self, networks: Networks, z: Tensor) -> Tensor:
        """Pictures of noise (N, z_size) as a sample holds it."""
        return networks["generator"](z)

    def discriminator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        with torch.no_grad():
            fake = self.generate(networks, batch["z"][:, 0])
        real, fake = networks["discriminator"](batch["image"]), networks["discriminator"](fake)
        reduction, answer = ("sum", 1.0) if self.as_seed else ("mean", self.smoothing)
        return {
            "real": called(real, answer, reduction),
            "fake": called(fake, 0.0, reduction),
            "_real_called": real.float().sigmoid().mean(),
            "_fake_called": fake.float().sigmoid().mean(),
        }

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        logits = networks["discriminator"](self.generate(networks, batch["z"][:, 1]))
        return {"generator": called(logits, 1.0, "sum" if self.as_seed else "mean")}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        rows = {"pictures": batch["image"]}
        for number, z in enumerate(batch["z"].unbind(1), 1):
            rows[f"generated {number}"] = self.generate(networks, z)
        return {title: row.expand(-1, 3, -1, -1) for title, row in rows.items()}

    @torch.no_grad()
    def evaluate(self, networks: Networks, batches: Iterable[Batch]) -> dict[str, float]:
        """Figures of as many generated pictures as there are held-out ones, on means of 8x8 parts of the picture."""
        pairs = [(features(batch["image"]), features(self.generate(networks, batch["z"][:, 0]))) for batch in batches]
        real, fake = (torch.cat(part).numpy() for part in zip(*pairs, strict=True))
        return {f"{name}_of_means": value for name, value in sets.figures(real, fake).items()}

    def card(self) -> Card:
        return Card(
            title="pictures from noise, by the first GAN",
            task="unconditional-image-generation",
            tags=("gan", "vanilla-gan"),
            about="Two networks of fully connected layers, trained against each other as in the paper that began it "
            "(Goodfellow et al. 2014). A tutorial: it shows how training goes, not what GANs can do.",
            usage=USAGE,
            sheet="Pictures that were held out, and below them pictures from noise",
            limits="- Small grey pictures of the kind that it was trained on.\n"
            "- Some of them come out again and again, and rare kinds not at all.",
            ethics="Trained on faces, its pictures are of nobody, yet may resemble someone in the training data.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Vanilla", dict[str, Any]]:
        return cls(hidden=(8, 12), z_size=4), {"resolution": 16}


def noisy_picture(row: dict, n: int, other=None, *, side: int, seed: int, mirror: bool, z_size: int) -> Sample:
    """A grey picture (1, side, side), and noise (2, z_size) to generate others from, one row for each network's turn."""
    picture = picture_sample(row, n, side=side, seed=seed, grey=True, mirror=mirror and other is not None)
    return {**picture, "z": noise(seed, n, 2, z_size)}


def features(images: Tensor) -> Tensor:
    """(N, C, H, W) to means of FEATURES x FEATURES parts (N, D), on the CPU."""
    return nn.functional.adaptive_avg_pool2d(images.float(), FEATURES).flatten(1).cpu()


USAGE = """```python
import torch
from scfegan_hf.models.mlp import MLPGenerator

generator = MLPGenerator.from_pretrained("{repository}")
with torch.no_grad():
    pictures = generator(torch.randn(16, generator.z_size))  # (16, 1, side, side) in [-1, 1]
```"""
CITATION = """@inproceedings{goodfellow2014generative,
  title     = {Generative Adversarial Nets},
  author    = {Goodfellow, Ian and Pouget-Abadie, Jean and Mirza, Mehdi and Xu, Bing and Warde-Farley, David and
               Ozair, Sherjil and Courville, Aaron and Bengio, Yoshua},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2014}
}"""

RECIPE = Vanilla
