"""SRGAN: photographs of faces four times as large (Ledig et al. 2017), by a relativistic discriminator of features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.data.degraded import degraded_sample
from scfegan_hf.data.samples import samples_of
from scfegan_hf.evaluation.closeness import light_psnr, light_ssim
from scfegan_hf.losses.adversarial import pair_loss
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.losses.perceptual import feature_sizes
from scfegan_hf.models.enlarger import SCALE, PhotoEnlarger
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

JUDGED = (0, 1)  # layers of AlexNet that the discriminator sees, beside the pixels
WEIGHTS = (1.0, 0.5, 0.25)  # of the logits of pixels and layers in the enlarger's loss


@dataclass(frozen=True)
class SRGAN(Recipe):
    """Hyper-parameters. First without ``lpips`` and ``adversarial``, as published: exact, and soft; then on from there with
    both. ``--resolution`` is the side of the pictures that validation enlarges to."""

    name: str = field(default="srgan", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {"train_batch_size": 4, "ema_decay": 0.998, "lr_warmup_steps": 50}
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"crop": (64, 4096), "crops": (1, 256)}

    enlarger_options: str = "{}"  # JSON object of the enlarger's constructor arguments
    perceptual_weights: str | None = None  # safetensors of AlexNet with LPIPS's heads, for the second part and its figures
    crop: int = 128  # side of the squares that are learned from
    crops: int = 4  # of each picture, whose decoding costs about as much as one of them
    pixel: float = 1.0  # weight of the mean absolute error
    coarse: float = 1.0  # the same of means of 8x8 pixels: no colour cast
    lpips: float = 0.0  # weight of LPIPS
    adversarial: float = 0.0  # weight of the relativistic pair loss; 0 leaves the discriminator out
    learning_rate: float = 1e-3
    discriminator_learning_rate: float = 2e-4

    def networks(self, resolution: int = 256) -> dict[str, nn.Module]:
        networks = {"enlarger": from_options(PhotoEnlarger, self.enlarger_options, "enlarger_options")}
        if self.crop % (2 * SCALE) or resolution % SCALE:
            raise ValueError(f"--crop must be divisible by {2 * SCALE} and --resolution by {SCALE}.")
        if self.perceptual_weights or self.lpips or self.adversarial:
            networks["features"] = lpips_network(self.perceptual_weights)
        if self.adversarial:
            channels = (PIXELS, *(AlexNetFeatures.CHANNELS[layer] for layer in JUDGED))
            networks["projected"] = ProjectedDiscriminator(channels, (2, 1, 1), last_bias=False)
        return networks

    def roles(self) -> dict[str, Role]:
        return {"pictures": Role(("image",), "pictures, plain or as `scfegan prepare` wrote them, the larger the better")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        make = partial(degraded_sample, side=resolution, crop=self.crop, crops=self.crops, scale=SCALE, seed=seed)
        return samples_of(sources["pictures"], split, make, seed, ("image",), sources.streaming, sources.weights)

    def release(self) -> tuple[str, ...]:
        return ("enlarger", "projected") if self.adversarial else ("enlarger",)

    def averaged(self) -> tuple[str, ...]:
        return ("enlarger",)

    def updates(self) -> list[Update]:
        optimizer = Optimizer(self.learning_rate, kind="muon", betas=(0.9, 0.999))
        turns = [Update("enlarger", ("enlarger",), self.enlarger_turn, optimizer)]
        if self.adversarial:
            turns.append(Update("projected", ("projected",), self.projected_turn, Optimizer(self.discriminator_learning_rate)))
        return turns

    def enlarger_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Leaves what the discriminator's turn looks at."""
        image, small = batch["image"].flatten(0, 1), batch["small"].flatten(0, 1)
        answer = networks["enlarger"](small)
        losses = {
            "pixel": self.pixel * (answer - image).abs().mean(),
            "coarse": self.coarse * F.avg_pool2d(answer - image, 8).abs().mean(),
        }
        if self.lpips or self.adversarial:
            target, features = networks["features"](image), networks["features"](answer)
        if self.lpips:
            losses["lpips"] = self.lpips * lpips(features, target, networks["features"].heads).mean()
        if self.adversarial:
            target, features = judged(image, target, JUDGED), judged(answer, features, JUDGED)
            sizes, everywhere = feature_sizes(target), torch.ones_like(image[:, :1])
            calls = (networks["projected"](layers, sizes, everywhere) for layers in (features, [x.detach() for x in target]))
            pairs = zip(*calls, WEIGHTS, strict=True)
            losses["adversarial"] = self.adversarial * sum(weight * pair_loss(fake, real) for fake, real, weight in pairs)
            shared["judged"] = ([x.detach() for x in target], [x.detach() for x in features], sizes, everywhere)
        return losses

    def projected_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Real against enlarged, pair by pair of the same place (Jolicoeur-Martineau 2018)."""
        if "judged" not in shared:
            image = batch["image"].flatten(0, 1)
            with torch.no_grad():
                pictures = (image, networks["enlarger"](batch["small"].flatten(0, 1)))
                target, features = (judged(picture, networks["features"](picture), JUDGED) for picture in pictures)
            shared["judged"] = (target, features, feature_sizes(target), torch.ones_like(image[:, :1]))
        target, features, sizes, everywhere = shared["judged"]
        real, fake = (networks["projected"](layers, sizes, everywhere) for layers in (target, features))
        losses = {"projected": sum(pair_loss(*pair) for pair in zip(real, fake, strict=True))}
        for layer, pair in enumerate(zip(real, fake, strict=True)):
            losses[f"_apart_{layer}"] = (pair[0] - pair[1]).mean()
        return losses

    def card(self) -> Card:
        return Card(
            title="photographs of faces, four times as large",
            task="image-to-image",
            tags=("super-resolution", "faces", "gan", "srgan"),
            about="SRGAN (Ledig et al. 2017) without batch norm, upon the bicubic enlargement, with a relativistic "
            "discriminator of frozen features; where it departs from the paper, `docs/decisions.md` of the project says why.",
            usage=USAGE,
            sheet="Held-out photographs, bicubic enlargements of a quarter of their size, and the results",
            limits="- It knows faces; other things get sharp edges, and little texture.\n"
            "- What is too small to be seen in the photograph is made up: never read a face or a text from it.",
            ethics="An enlargement shows what could have been there, and not what was. Do not use it to say who somebody is.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["SRGAN", dict[str, Any]]:
        """The second part, with AlexNet of random weights."""
        options = {"enlarger_options": '{"width": 8, "blocks": 1}', "crop": 64, "crops": 2, "lpips": 1.0, "adversarial": 0.1}
        return cls(perceptual_weights=save_untrained(folder / "random-alexnet.safetensors"), **options), {"resolution": 64}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        small, image = batch["small"][:, 0], batch["image"][:, 0]
        bicubic = F.interpolate(small, scale_factor=SCALE, mode="bicubic", align_corners=False).clamp(-1, 1)
        return {"photograph": image, "bicubic": bicubic, "enlarged": networks["enlarger"](small).clamp(-1, 1)}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample: PSNR (dB) and SSIM of the light, less a border, and LPIPS where there is AlexNet."""
        small, image = batch["small"][:, 0], batch["image"][:, 0]
        answer = networks["enlarger"](small).float().clamp(-1, 1)
        pairs = list(zip(*(as_pictures(part[..., SCALE:-SCALE, SCALE:-SCALE]) for part in (answer, image)), strict=True))
        figures = {"psnr": torch.tensor([light_psnr(*pair) for pair in pairs])}
        figures["ssim"] = torch.tensor([light_ssim(*pair) for pair in pairs])
        if "features" in networks:
            features, target = networks["features"](answer), networks["features"](image)
            figures["lpips"] = lpips(features, target, networks["features"].heads)
        return figures


def as_pictures(images: Tensor) -> np.ndarray:
    """(N, 3, H, W) in [-1, 1] as uint8 (N, H, W, 3)."""
    return ((images.float() + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


USAGE = """```python
from scfegan_hf import PhotoEnlarging

enlarge = PhotoEnlarging.from_pretrained("{repository}")
enlarge("photo.jpg", scale=2).save("larger.png")
```"""
CITATION = """@inproceedings{ledig2017photo,
  title     = {Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network},
  author    = {Ledig, Christian and Theis, Lucas and Husz{\\'a}r, Ferenc and Caballero, Jose and Cunningham, Andrew and
               Acosta, Alejandro and Aitken, Andrew and Tejani, Alykhan and Totz, Johannes and Wang, Zehan and Shi, Wenzhe},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year      = {2017}
}"""

RECIPE = SRGAN
