"""The editor's network: SC-FEGAN's task (Jo & Park 2019) for a folded U-Net, by LPIPS and heads on VGG-16's features."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.conditioning import assemble, blend
from scfegan_hf.data.rows import COLUMNS
from scfegan_hf.editing.drawn.samples import Holes, edit_samples
from scfegan_hf.losses.adversarial import discriminator_loss, generator_loss, hole_weights, real_drift_loss
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.losses.perceptual import feature_sizes
from scfegan_hf.models.lpips import AlexNetFeatures, VGG16Layers, lpips_network, save_untrained
from scfegan_hf.models.projected import ProjectedDiscriminator
from scfegan_hf.models.scfegan import PRESETS, SCFEGANGenerator
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
from scfegan_hf.recipes.scfegan import SCFEGAN

NAMES = ("image", "mask", "sketch", "color", "color_mask", "noise")
PIXELS = 12  # channels of the pixels folded two by two
# By network of features: layers that the discriminator sees beside the pixels, and the strides of all its heads.
JUDGED = {AlexNetFeatures: ((0, 1, 2), (2, 1, 1, 1)), VGG16Layers: ((1, 2, 3), (2, 2, 1, 1))}
FEATURES = {"alexnet": AlexNetFeatures, "vgg16": VGG16Layers}
WEIGHTS = (1.0, 0.5, 0.2, 0.1)  # of the logits of pixels and layers in the generator's loss
FOLD = 4  # pixels that windows' corners move by at least, so that the judges' strides and the folds agree on no pattern


@dataclass(frozen=True)
class Editor(Recipe):
    """Hyper-parameters of the seventh release, all ours."""

    name: str = field(default="editor", init=False, repr=False)
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    training: ClassVar[Mapping[str, Any]] = {"resolution": 384}
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "feature_holes": (0, 1),
        "transplants": (0, 1),
        "worn": (0, 1),
        "window": (32, 65_536),
    }

    generator_options: str = "{}"  # JSON object of constructor arguments that override those of the preset "folded"
    perceptual: Literal["alexnet", "vgg16"] = "vgg16"
    perceptual_weights: str | None = None  # safetensors of that network with LPIPS's heads
    pixel: float = 5.0  # weight of the mean absolute error in the hole
    coarse: float = 8.0  # the same of means of 4x4 pixels
    lpips: float = 3.0  # weight of LPIPS over the hole
    projected_beta: float = 0.05  # adversarial, by heads on pixels and features
    epsilon: float = 0.001  # drift of real logits
    feature_holes: float = 0.8  # share of training's holes that lie over an eye, the mouth or the like
    transplants: float = 0.3  # share of those for which another face's feature becomes the truth
    worn: float = 0.15  # share of samples that get glasses, an earring or a beard
    window: int = 256  # pixels a side that features and judges look at, around the hole or a part of it
    optimizer: Literal["muon", "adam"] = "muon"  # of the generator
    learning_rate: float = 8e-4
    discriminator_learning_rate: float = 4e-4

    def networks(self, resolution: int = 384) -> dict[str, nn.Module]:
        folded = partial(SCFEGANGenerator.preset, "folded")
        generator = from_options(folded, self.generator_options, "generator_options")
        features = lpips_network(self.perceptual_weights, FEATURES[self.perceptual])
        layers, strides = JUDGED[type(features)]
        judge = ProjectedDiscriminator((PIXELS, *(features.CHANNELS[layer] for layer in layers)), strides)
        return {"generator": generator, "features": features, "projected": judge}

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        stride = 2 ** {**PRESETS["folded"], **json.loads(self.generator_options)}["stages"]
        if resolution % stride:
            raise ValueError(f"--resolution must be divisible by {stride}, not {resolution}.")
        holes = Holes(self.feature_holes, self.transplants, self.worn)
        return edit_samples(sources["faces"], split, resolution, seed, sources.streaming, sources.weights, holes)

    def release(self) -> tuple[str, ...]:
        return ("generator", "projected")

    def updates(self) -> list[Update]:
        betas = {"muon": (0.9, 0.999), "adam": (0.5, 0.999)}[self.optimizer]
        generator = Optimizer(self.learning_rate, kind=self.optimizer, betas=betas)
        judge = Optimizer(self.discriminator_learning_rate)
        return [
            Update("generator", ("generator",), self.generator_turn, generator),
            Update("projected", ("projected",), self.projected_turn, judge),
        ]

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Closeness, looks and the judge's opinion of the hole. Leaves what the discriminator's turn looks at."""
        cut = self.cutting(batch["mask"])
        completed = complete(networks["generator"], batch)
        error, share = completed - batch["image"], batch["mask"].mean((1, 2, 3)).clamp_min(1e-6)
        image, hole, seen = cut(batch["image"]), cut(batch["mask"]), cut(completed)
        target, features = networks["features"](image), networks["features"](seen)
        real, fake = judged(networks["features"], image, target), judged(networks["features"], seen, features)
        sizes = feature_sizes(real)
        logits = zip(networks["projected"](fake, sizes, hole), WEIGHTS, strict=True)
        opinion = (weight * generator_loss(layer, hole_weights(hole, layer.shape[-2:])) for layer, weight in logits)
        shared["judged"] = (real, [layer.detach() for layer in fake], sizes, hole)
        return {
            "pixel": self.pixel * (error.abs().mean((1, 2, 3)) / share).mean(),
            "coarse": self.coarse * (F.avg_pool2d(error, 4).abs().mean((1, 2, 3)) / share).mean(),
            "lpips": self.lpips * lpips(features, target, networks["features"].heads, hole).mean(),
            "adversarial": self.projected_beta * sum(opinion),
        }

    def cutting(self, mask: Tensor) -> Callable[[Tensor], Tensor]:
        """What cuts a batch's windows out of a picture (N, C, R, R): of ``window`` pixels, or of R - FOLD if that is less."""
        side = min(self.window, mask.shape[-1] - FOLD)
        return partial(windows, corners=corners(mask, side), side=side)

    def projected_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Hinge loss and drift of the heads, on what the generator's turn left, or on a look of our own."""
        if "judged" not in shared:
            with torch.no_grad():
                cut = self.cutting(batch["mask"])
                image, mask, completed = map(cut, (batch["image"], batch["mask"], complete(networks["generator"], batch)))
                real, fake = (judged(networks["features"], x, networks["features"](x)) for x in (image, completed))
            shared["judged"] = (real, fake, feature_sizes(real), mask)
        real, fake, sizes, mask = shared["judged"]
        judge = networks["projected"]
        pairs = zip(judge(real, sizes, mask), judge(fake, sizes, mask), strict=True)
        weighted = [(real, fake, hole_weights(mask, real.shape[-2:])) for real, fake in pairs]
        losses = {
            "projected": sum(discriminator_loss(real, fake, True, share) for real, fake, share in weighted),
            "projected_drift": self.epsilon * sum(real_drift_loss(real, share) for real, _, share in weighted),
        }
        for layer, (real, fake, share) in enumerate(weighted):
            losses[f"_apart_{layer}"] = generator_loss(fake, share) - generator_loss(real, share)
        return losses

    def card(self) -> Card:
        """SC-FEGAN's, whose task and limits these are, with another network."""
        return replace(SCFEGAN().card(), about=ABOUT)

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Editor", dict[str, Any]]:
        """With AlexNet of random weights."""
        options = '{"widths": [8, 8, 32], "stages": 4, "encoder_blocks": [1, 1], "decoder_blocks": [1, 1], "resolution": 128}'
        weights = save_untrained(folder / "random-alexnet.safetensors")
        return cls(options, perceptual="alexnet", perceptual_weights=weights), {"resolution": 128}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        image, mask = batch["image"], batch["mask"]
        drawn = blend(torch.ones_like(image), image, mask)
        drawn = blend(batch["color"], drawn, batch["color_mask"] * mask)
        drawn = blend(torch.full_like(image, -1), drawn, batch["sketch"] * mask)
        return {"original": image, "drawn": drawn, "result": complete(networks["generator"], batch).clamp(-1, 1)}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample, over the hole: PSNR (dB), LPIPS, and fine detail as a part of the photograph's."""
        image, mask = batch["image"], batch["mask"]
        completed = complete(networks["generator"], batch).clamp(-1, 1)
        error = ((completed - image).square() * mask).flatten(1).sum(1) / (3 * mask.flatten(1).sum(1))
        features, target = networks["features"](completed), networks["features"](image)
        return {
            "masked_psnr": 10 * torch.log10(4 / error.clamp_min(1e-10)),
            "lpips": lpips(features, target, networks["features"].heads, mask),
            "detail": fine_detail(completed, mask) / fine_detail(image, mask),
        }


def complete(generator: nn.Module, batch: Batch) -> Tensor:
    """The photograph with the generator's answer in its hole."""
    assembled = assemble(*(batch[name] for name in NAMES), fill=generator.fill, color_flag=generator.color_flag)
    return blend(generator(assembled), batch["image"], batch["mask"])


def corners(mask: Tensor, side: int) -> list[list[int]]:
    """Top and left of a square of ``side`` for each hole (N, 1, R, R), at random where it holds its whole hole.

    At the picture's border, all but FOLD lines of it. Where the hole is larger than that, around a random pixel of it.
    """
    room = mask.shape[-1] - side
    pixels = mask.flatten(1).cumsum(1)
    chosen = torch.searchsorted(pixels, torch.rand(len(mask), 1).to(mask.device) * pixels[:, -1:])
    pixel = torch.cat([chosen // mask.shape[-1], chosen % mask.shape[-1]], 1)  # (N, 2), as all that follows
    lines = torch.stack([mask.amax((1, 3)), mask.amax((1, 2))], 1) > 0  # (N, 2, R): rows and columns with a hole
    low, high = lines.float().argmax(2), mask.shape[-1] - 1 - lines.flip(2).float().argmax(2)
    large = high - low >= side
    first = (torch.where(large, pixel, high) + 1 - side).clamp(0, room)
    last = torch.where(large, pixel, low).clamp(0, room)
    close = last - first < FOLD  # not always the same corner
    first, last = torch.where(close, first - FOLD, first).clamp_min(0), torch.where(close, last + FOLD, last).clamp_max(room)
    return (first + (torch.rand(len(mask), 2).to(mask.device) * (last - first + 1)).long()).tolist()


def windows(picture: Tensor, corners: Sequence[Sequence[int]], side: int) -> Tensor:
    """A square of each picture (N, C, R, R): (N, C, ``side``, ``side``)."""
    return torch.stack([x[:, y : y + side, x0 : x0 + side] for x, (y, x0) in zip(picture, corners, strict=True)])


def judged(network: nn.Module, picture: Tensor, features: list[Tensor]) -> list[Tensor]:
    """What the discriminator's heads see: pixels folded two by two, and layers of features."""
    return [F.pixel_unshuffle(picture, 2), *(features[layer] for layer in JUDGED[type(network)][0])]


def fine_detail(picture: Tensor, mask: Tensor) -> Tensor:
    """Mean size (N,) in the hole of what means of 3x3 pixels do not hold."""
    fine = (picture - F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)).abs() * mask
    return fine.sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1)


ABOUT = """The generator fills an erased region of a face along drawn lines and dabs of colour, as SC-FEGAN does (Jo & Park,
ICCV 2019), by a network of our own; `docs/decisions.md` of the project says why."""

RECIPE = Editor
