"""Faces that do not exist, from draws of eigenfaces (Turk & Pentland 1991) by a GAN with heads on frozen features."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.data.plain import middle_square
from scfegan_hf.data.samples import Sample, samples_of
from scfegan_hf.evaluation import sets
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.losses.adversarial import generator_loss, heads_loss
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.losses.perceptual import feature_sizes
from scfegan_hf.models.face_generator import NOISE, FaceGenerator
from scfegan_hf.models.face_prior import BOLD, FacePrior, read_prior, save_untrained_prior
from scfegan_hf.models.features import feature_network
from scfegan_hf.models.lpips import AlexNetFeatures, lpips_network, save_untrained
from scfegan_hf.models.projected import PIXELS, ProjectedDiscriminator, judged
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

COLUMNS = ("image", "landmarks")
JUDGED = (0, 1, 2)  # layers of AlexNet that the discriminator sees, beside the pixels
WEIGHTS = (0.5, 1.0, 0.5, 0.25)  # of the logits of pixels and layers in the generator's loss
COARSE = 8  # parts a side, overlapping by seven eighths, whose means a face has to share with the photograph


@dataclass(frozen=True)
class EigenGAN(Recipe):
    """Hyper-parameters, all ours."""

    name: str = field(default="eigengan", init=False, repr=False)
    anew: ClassVar[frozenset[str]] = frozenset({"prior"})
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 256,
        "train_batch_size": 16,
        "ema_decay": 0.998,
        "num_validation_images": 229,
    }
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"window": (64, 65_536), "least_kept": (1, 65_536)}

    network_options: str = "{}"  # JSON object of the network's constructor arguments
    prior: str | None = None  # folder of the eigenfaces; without, those of the package
    perceptual_weights: str | None = None  # safetensors of AlexNet with LPIPS's heads
    feature_weights: str | None = None  # safetensors of SqueezeNet 1.0, by whose features validation compares sets
    boldness: float = 0.9  # most deviation of codes that are drawn anew
    least_kept: int = 25  # of a face's codes, coarse ones first, where the others are drawn anew
    pixel: float = 2.0  # weight of the mean absolute error to the truth
    coarse: float = 4.0  # weight of the same of means of 8th parts, to the truth
    lpips: float = 2.0
    adversarial: float = 0.1
    epsilon: float = 0.001  # drift of real logits
    window: int = 192  # pixels a side that features and judges look at
    learning_rate: float = 7e-4
    discriminator_learning_rate: float = 4e-4

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        prior = read_prior(self.prior)
        if resolution % prior.resolution:
            raise ValueError(f"--resolution must be divisible by the eigenfaces' {prior.resolution}, not {resolution}.")
        scale = resolution // prior.resolution
        channels = (PIXELS, *(AlexNetFeatures.CHANNELS[layer] for layer in JUDGED))
        networks = {
            "generator": from_options(FaceGenerator, self.network_options, "network_options", scale=scale),
            "discriminator": ProjectedDiscriminator(channels, (2, 1, 1, 1)),
            "prior": prior,
            "features": lpips_network(self.perceptual_weights),
        }
        if self.feature_weights:
            networks["sets"] = feature_network("squeezenet", self.feature_weights)
        return networks

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        make = partial(framed_face, side=resolution, seed=seed)
        return samples_of(sources["faces"], split, make, seed, COLUMNS, sources.streaming, sources.weights)

    def release(self) -> tuple[str, ...]:
        return ("generator", "discriminator")

    def averaged(self) -> tuple[str, ...]:
        return ("generator",)

    def updates(self) -> list[Update]:
        return [
            Update("generator", ("generator",), self.generator_turn, Optimizer(self.learning_rate, "muon", (0.9, 0.999))),
            Update("discriminator", ("discriminator",), self.discriminator_turn, Optimizer(self.discriminator_learning_rate)),
        ]

    def drafts(self, prior: FacePrior, image: Tensor) -> Tensor:
        """Coarse faces (N, 3, R, R) for photographs: a random number of their codes is kept, coarse ones first, and the others
        are drawn anew, so that they count for no more than a draw's know."""
        codes = prior.codes(F.interpolate(image, (prior.resolution,) * 2, mode="area"))
        count, most = codes.shape[1], len(codes)
        low, high = np.log(min(self.least_kept, count)), np.log(2 * count)
        kept = torch.exp(low + (high - low) * torch.rand(most, 1)).to(codes.device)
        bold = (self.boldness * (0.5 + 0.5 * torch.rand(most, 1))).to(codes.device)
        keeps = torch.arange(count, device=codes.device) < kept
        return prior.pictures(torch.where(keeps, codes, bold * torch.randn_like(codes)))

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Closeness to the photograph, and the judge's opinion. Leaves what the discriminator's turn looks at."""
        image = batch["image"]
        coarse = self.drafts(networks["prior"], image)
        made = networks["generator"](coarse, noise_for(coarse))
        cut = self.cutting(image)
        real_window, fake_window = cut(image), cut(made)
        target, features = networks["features"](real_window), networks["features"](fake_window)
        real, fake = judged(real_window, target, JUDGED), judged(fake_window, features, JUDGED)
        sizes, everywhere = feature_sizes(real), torch.ones_like(image[:, :1])
        shared["judged"] = (real, [layer.detach() for layer in fake], sizes)
        logits = zip(networks["discriminator"](fake, sizes, everywhere), WEIGHTS, strict=True)
        return {
            "pixel": self.pixel * (made - image).abs().mean(),
            "coarse": self.coarse * overlapping_means(made - image).abs().mean(),
            "lpips": self.lpips * lpips(features, target, networks["features"].heads).mean(),
            "adversarial": self.adversarial * sum(weight * generator_loss(layer) for layer, weight in logits),
        }

    def cutting(self, image: Tensor):
        """What cuts the same square of ``window`` pixels out of pictures (N, 3, R, R)."""
        side = min(self.window, image.shape[-1])
        y, x = torch.randint(0, image.shape[-1] - side + 1, (2,)).tolist()
        return lambda picture: picture[:, :, y : y + side, x : x + side]

    def discriminator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Hinge loss and drift of the heads, on what the generator's turn left, or on another look."""
        if "judged" not in shared:
            with torch.no_grad():
                coarse = self.drafts(networks["prior"], batch["image"])
                made, cut = networks["generator"](coarse, noise_for(coarse)), self.cutting(batch["image"])
                real, fake = (judged(cut(x), networks["features"](cut(x)), JUDGED) for x in (batch["image"], made))
            shared["judged"] = (real, fake, feature_sizes(real))
        real, fake, sizes = shared["judged"]
        everywhere = torch.ones_like(batch["image"][:, :1])
        return heads_loss(*(networks["discriminator"](layers, sizes, everywhere) for layers in (real, fake)), self.epsilon)

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        prior, generator, image = networks["prior"], networks["generator"], batch["image"]
        known = prior.pictures(prior.codes(F.interpolate(image, (prior.resolution,) * 2, mode="area")))
        drawn, noise = numbered_draws(prior, batch["number"])
        large = partial(F.interpolate, size=image.shape[2:], mode="bilinear")
        return {
            "photograph": image,
            "its codes": large(known).clamp(-1, 1),
            "made of them": generator(known, noise).clamp(-1, 1),
            "drawn": large(drawn).clamp(-1, 1),
            "made of that": generator(drawn, noise).clamp(-1, 1),
        }

    @torch.no_grad()
    def evaluate(self, networks: Networks, batches: Iterable[Batch]) -> dict[str, float]:
        """LPIPS of held-out photographs from their codes, and figures of as many draws."""
        close, pairs = [], []
        for batch in batches:
            shown = self.sample(networks, batch)
            features = [networks["features"](shown[name].float()) for name in ("made of them", "photograph")]
            close.append(lpips(*features, networks["features"].heads))
            pairs.append(tuple(sets.vectors(networks.get("sets"), shown[name]) for name in ("photograph", "made of that")))
        real, fake = (torch.cat(part).numpy() for part in zip(*pairs, strict=True))
        space = "squeezenet" if "sets" in networks else "means"
        told = {f"{name}_of_{space}": value for name, value in sets.figures(real, fake).items()}
        return {"lpips": torch.cat(close).mean().item(), **told}

    def card(self) -> Card:
        return Card(
            title="faces that do not exist",
            task="unconditional-image-generation",
            tags=("gan", "faces"),
            about="Draws of eigenfaces (Turk & Pentland 1991) say roughly what a face is to be, and a network, judged by "
            "heads on frozen features (Sauer et al. 2021), makes a photograph of it.",
            usage=USAGE,
            sheet="Held-out photographs, their codes, faces made of those, draws, and faces made of them",
            limits="- Upright faces from the front, as in its data.\n- Hats, hands, glasses and backgrounds are smudges.",
            ethics="Generated faces are of nobody, yet may resemble someone in the training data. Say that a picture was "
            "generated. The biases of the data, in age, skin and pose, are those of the results.",
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["EigenGAN", dict[str, Any]]:
        """With AlexNet of random weights and eigenfaces of noise."""
        options = '{"widths": [8, 32], "encoder_blocks": [1], "dilations": [1], "decoder_blocks": [1], "attention": 1}'
        weights = save_untrained(folder / "random-alexnet.safetensors")
        return cls(options, save_untrained_prior(folder / "prior"), weights), {"resolution": 64}


def overlapping_means(picture: Tensor) -> Tensor:
    """Means of parts of a picture (N, 3, R, R) that overlap: of parts side by side the generator learns the grid."""
    side = picture.shape[-1] // COARSE
    return F.avg_pool2d(picture, side, max(side // 8, 1))


def noise_for(coarse: Tensor) -> Tensor:
    """The generator's noise for coarse pictures (N, 3, R, R)."""
    return torch.randn(len(coarse), NOISE, *coarse.shape[2:]).to(coarse)


def numbered_draws(prior: FacePrior, numbers: Tensor, boldness: float = BOLD) -> tuple[Tensor, Tensor]:
    """Coarse faces (N, 3, R, R) and noise for the generator, each by its number (N,) alone."""
    codes, noise = [], []
    for number in numbers.tolist():
        chance = torch.Generator().manual_seed(number)
        codes.append(torch.randn(prior.variances.numel(), generator=chance))
        noise.append(torch.randn(NOISE, prior.resolution, prior.resolution, generator=chance))
    device = prior.mean.device
    return prior.pictures(boldness * torch.stack(codes).to(device)), torch.stack(noise).to(device)


def framed_face(row: dict, n: int, other=None, *, side: int, seed: int) -> Sample:
    """ "image" (3, side, side) in the FFHQ frame, in training mirrored half the time, and the sample's "number"."""
    points = np.array(row["landmarks"], np.float32).reshape(-1, 2) * row["image"].shape[0]
    framed = cut_frame(row["image"], ffhq_frame(points), side) if len(points) else middle_square(row["image"], side)
    if other is not None and np.random.default_rng((seed, 10, n)).random() < 0.5:
        framed = framed[:, ::-1]
    image = torch.from_numpy(np.ascontiguousarray(framed.transpose(2, 0, 1), np.float32) / 127.5 - 1)
    return {"image": image, "number": torch.tensor(n)}


USAGE = """```python
from scfegan_hf import FaceSampler

FaceSampler.from_pretrained("{repository}")(seed=1).save("face.png")
```"""

RECIPE = EigenGAN
