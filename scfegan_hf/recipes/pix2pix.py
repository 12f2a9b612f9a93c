"""pix2pix: faces from lines and dabs of colour (Isola et al. 2017), as published and ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.conditioning import blend
from scfegan_hf.data.rows import COLUMNS
from scfegan_hf.data.samples import samples_of
from scfegan_hf.editing.drawn.lines import lines_sample
from scfegan_hf.evaluation.closeness import light_psnr, light_ssim
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.losses.adversarial import called, generator_loss, heads_loss
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.losses.perceptual import feature_sizes
from scfegan_hf.models.lpips import AlexNetFeatures, lpips_network, save_untrained
from scfegan_hf.models.pix2pix import LinesToFace, PatchDiscriminator, PublishedUNet
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

JUDGED = (0, 1, 2)  # layers of AlexNet that the discriminator sees, beside the pixels
WEIGHTS = (0.5, 1.0, 0.5, 0.25)  # of the logits of pixels and layers in the generator's loss
ERRORS = {"l1": F.l1_loss, "l2": F.mse_loss}


@dataclass(frozen=True)
class Pix2Pix(Recipe):
    """Hyper-parameters. ``--preset paper`` has the published networks and losses; what is of one preset alone is marked."""

    name: str = field(default="pix2pix", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {"resolution": 128, "train_batch_size": 8, "ema_decay": 0.998}
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"width": (1, 512), "colors": (0, 1)}

    preset: Literal["ours", "paper"] = "ours"
    lines: Literal["mixed", "learned", "canny", "hand"] = "mixed"  # the annotator's edges and drawn ones, or one kind alone
    colors: float = 0.5  # share of training samples with dabs of colour beside the lines; published: 0
    background: Literal["keep", "remove"] = "keep"  # by the annotator's regions
    noise: bool = True  # a plane of normal noise beside the drawing; published: none but dropout's
    network_options: str = "{}"  # ours: JSON object of the network's constructor arguments
    width: int = 64  # paper: channels of the finest level of both networks
    perceptual_weights: str | None = None  # ours: safetensors of AlexNet with LPIPS's heads; for figures too
    pixel: float = 3.0  # ours: weight of the error of pixels; paper: 100
    pixel_loss: Literal["l1", "l2"] = "l1"  # mean of absolute or of squared errors
    coarse: float = 3.0  # ours: the same of means of 8x8 pixels
    lpips: float = 2.0  # ours
    adversarial: float = 0.05  # ours; paper: 1
    epsilon: float = 0.001  # ours: drift of real logits
    learning_rate: float = 7e-4  # ours
    discriminator_learning_rate: float = 4e-4  # ours
    optimizer: Literal["adam", "sgd"] = "adam"  # paper: of both networks
    paper_learning_rate: float = 2e-4  # paper: of both networks

    @property
    def as_published(self) -> bool:
        return self.preset == "paper"

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        networks: dict[str, nn.Module] = {}
        if self.as_published:
            networks = {
                "generator": PublishedUNet(self.width, resolution),
                "discriminator": PatchDiscriminator(self.width),
            }
        else:
            options = (self.network_options, "network_options")
            networks["generator"] = from_options(LinesToFace, *options, resolution=resolution)
            channels = (PIXELS, *(AlexNetFeatures.CHANNELS[layer] for layer in JUDGED))
            networks["discriminator"] = ProjectedDiscriminator(channels, (2, 1, 1, 1))
        if self.perceptual_weights or not self.as_published:
            networks["features"] = lpips_network(self.perceptual_weights)
        return networks

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        how = {"source": self.lines, "background": self.background == "keep", "colors": self.colors, "noise": self.noise}
        make = partial(lines_sample, resolution=resolution, seed=seed, **how)
        loading = {"streaming": sources.streaming, "weights": sources.weights, "decode": decode_face}
        return samples_of(sources["faces"], split, make, seed, COLUMNS, **loading)

    def release(self) -> tuple[str, ...]:
        return ("generator", "discriminator")

    def averaged(self) -> tuple[str, ...]:
        return ("generator",)

    def updates(self) -> list[Update]:
        if self.as_published:
            how = Optimizer(self.paper_learning_rate, self.optimizer, betas=(0.5, 0.999))
            return [
                Update("discriminator", ("discriminator",), self.published_discriminator_turn, how),
                Update("generator", ("generator",), self.published_generator_turn, how),
            ]
        return [
            Update("generator", ("generator",), self.generator_turn, Optimizer(self.learning_rate, "muon", (0.9, 0.999))),
            Update("discriminator", ("discriminator",), self.discriminator_turn, Optimizer(self.discriminator_learning_rate)),
        ]

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Leaves what the discriminator's turn looks at."""
        image, answer = batch["image"], networks["generator"](drawn(batch))
        target, features = networks["features"](image), networks["features"](answer)
        real, fake = judged(image, target, JUDGED), judged(answer, features, JUDGED)
        sizes = feature_sizes(real)
        shared["judged"] = (real, [layer.detach() for layer in fake], sizes)
        logits = zip(networks["discriminator"](fake, sizes, batch["sketch"]), WEIGHTS, strict=True)
        return {
            "pixel": self.pixel * ERRORS[self.pixel_loss](answer, image),
            "coarse": self.coarse * F.avg_pool2d(answer - image, 8).abs().mean(),
            "lpips": self.lpips * lpips(features, target, networks["features"].heads).mean(),
            "adversarial": self.adversarial * sum(weight * generator_loss(layer) for layer, weight in logits),
        }

    def discriminator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Hinge loss and drift of the heads, which see the lines too, on what the generator's turn left, or on another look."""
        if "judged" not in shared:
            with torch.no_grad():
                pictures = (batch["image"], networks["generator"](drawn(batch)))
                real, fake = (judged(picture, networks["features"](picture), JUDGED) for picture in pictures)
            shared["judged"] = (real, fake, feature_sizes(real))
        real, fake, sizes = shared["judged"]
        return heads_loss(*(networks["discriminator"](layers, sizes, batch["sketch"]) for layers in (real, fake)), self.epsilon)

    def published_discriminator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Cross-entropy, halved, so that the discriminator learns no faster (Isola et al. 2017, section 3.3)."""
        with torch.no_grad():
            answer = networks["generator"](drawn(batch))
        real, fake = (networks["discriminator"](pair(batch, picture)) for picture in (batch["image"], answer))
        return {"real": 0.5 * called(real, 1.0), "fake": 0.5 * called(fake, 0.0)}

    def published_generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        answer = networks["generator"](drawn(batch))
        logits = networks["discriminator"](pair(batch, answer))
        return {"generator": called(logits, 1.0), "pixel": 100 * ERRORS[self.pixel_loss](answer, batch["image"])}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        image = batch["image"]
        shown = blend(batch["color"], torch.ones_like(image), batch["color_mask"])
        shown = blend(torch.full_like(image, -1), shown, batch["sketch"])
        return {"photograph": image, "drawn": shown, "face": networks["generator"](drawn(batch)).float().clamp(-1, 1)}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample: PSNR (dB) and SSIM of the light, and LPIPS where there is AlexNet."""
        image, answer = batch["image"], networks["generator"](drawn(batch)).float().clamp(-1, 1)
        arrays = [((part + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy() for part in (answer, image)]
        pairs = list(zip(*arrays, strict=True))
        figures = {"psnr": torch.tensor([light_psnr(*pair) for pair in pairs])}
        figures["ssim"] = torch.tensor([light_ssim(*pair) for pair in pairs])
        if "features" in networks:
            features, target = networks["features"](answer), networks["features"](image)
            figures["lpips"] = lpips(features, target, networks["features"].heads)
        return figures

    def card(self) -> Card:
        return Card(
            title="a face from lines and dabs of colour",
            task="image-to-image",
            tags=("pix2pix", "sketch", "faces", "gan"),
            about="pix2pix (Isola et al. 2017) for drawn faces: lines, and colours where there are any, become a photograph; "
            "where it departs from the paper, `docs/decisions.md` of the project says why.",
            usage=USAGE,
            sheet="Held-out photographs, lines that were found in them, and faces made of the lines alone",
            limits="- It knows the faces of its data, upright, from the front, and filling most of the square.\n"
            "- What is not drawn is made up, and lines that are no face's become a blur.",
            ethics="A face made of lines is of nobody, yet may resemble somebody: it is no evidence of how a person looks.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Pix2Pix", dict[str, Any]]:
        """Ours, with AlexNet of random weights."""
        options = '{"widths": [8, 8], "blocks": [1, 1]}'
        weights = save_untrained(folder / "random-alexnet.safetensors")
        return cls(network_options=options, perceptual_weights=weights), {"resolution": 64}


def drawn(batch: Batch) -> Tensor:
    """The network's input (N, 6, H, W) for a batch."""
    return torch.cat([batch["sketch"], batch["color"] * batch["color_mask"], batch["color_mask"], batch["noise"]], 1)


def pair(batch: Batch, picture: Tensor) -> Tensor:
    """What the published discriminator sees: lines and colours with the picture (N, 8, H, W)."""
    return torch.cat([drawn(batch)[:, :5], picture], 1)


USAGE = """```python
from scfegan_hf import FaceFromLines

face = FaceFromLines.from_pretrained("{repository}")
face("lines.png", color="dabs.png", seed=1).save("face.png")
```"""
CITATION = """@inproceedings{isola2017image,
  title     = {Image-to-Image Translation with Conditional Adversarial Networks},
  author    = {Isola, Phillip and Zhu, Jun-Yan and Zhou, Tinghui and Efros, Alexei A.},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year      = {2017}
}"""

RECIPE = Pix2Pix
