"""A cascade: the released generator's answer, enlarged twice, and a small network that learns to add the detail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.conditioning import blend
from scfegan_hf.data.rows import COLUMNS
from scfegan_hf.editing.drawn.samples import Holes, edit_samples
from scfegan_hf.losses.adversarial import discriminator_loss, generator_loss, hole_weights, real_drift_loss
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.losses.perceptual import feature_sizes
from scfegan_hf.models.cascade import refiner_input
from scfegan_hf.models.lpips import AlexNetFeatures, lpips_network
from scfegan_hf.models.projected import ProjectedDiscriminator
from scfegan_hf.models.refiner import FaceRefiner
from scfegan_hf.models.scfegan import SCFEGANGenerator
from scfegan_hf.recipe import Batch, Card, Losses, Networks, Optimizer, Recipe, Role, Shared, Sources, Update

PARTS = ("image", "mask", "sketch", "color", "color_mask")
JUDGED = 3  # layers of AlexNet that the discriminator sees, beside the pixels
PIXELS = 12  # channels of the pixels folded two by two
WEIGHTS = (1.0, 0.5, 0.2, 0.1)  # of the logits of pixels and layers in the refiner's loss


@dataclass(frozen=True)
class Cascade(Recipe):
    """Hyper-parameters of the second stage, all ours. ``--resolution`` is the refiner's, twice the first network's."""

    name: str = field(default="cascade", init=False, repr=False)
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "window": (1, 4096), "windows": (1, 256), "feature_holes": (0, 1), "transplants": (0, 1),
    }  # fmt: skip

    first: str = "scfegan_hf/weights"  # folder or Hub repository of the first network, which stays as it is
    refiner_options: str = "{}"  # JSON object of the refiner's constructor arguments
    perceptual_weights: str | None = None  # safetensors of AlexNet with LPIPS's heads
    window: int = 128  # side of the squares that are refined and judged, around pixels of the hole
    windows: int = 4  # of each sample, whose making and first answer cost about as much as one of them
    pixel: float = 5.0  # weight of the mean absolute error in the hole
    coarse: float = 5.0  # the same of means of 4x4 pixels
    lpips: float = 1.0  # weight of LPIPS over the hole
    projected_beta: float = 0.1  # adversarial, by heads on pixels and features; 0 leaves it out
    epsilon: float = 0.001  # drift of real logits
    feature_holes: float = 0.84  # share of training's holes that lie over an eye, the mouth or the like
    transplants: float = 0.3  # share of those for which another face's feature becomes the truth
    optimizer: Literal["muon", "adam"] = "muon"  # of the refiner
    learning_rate: float = 5e-4
    discriminator_learning_rate: float = 4e-4

    def networks(self, resolution: int = 512) -> dict[str, nn.Module]:
        try:
            refiner = FaceRefiner(**json.loads(self.refiner_options))
        except (TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"--refiner_options is not a JSON object of the refiner's arguments: {error}") from error
        if self.window % refiner.stride:
            raise ValueError(f"--window must be divisible by {refiner.stride}, not {self.window}.")
        first = SCFEGANGenerator.from_pretrained(self.first).requires_grad_(False)
        networks = {"refiner": refiner, "first": first, "features": lpips_network(self.perceptual_weights)}
        if self.projected_beta:
            channels = (PIXELS, *AlexNetFeatures.CHANNELS[:JUDGED])
            networks["projected"] = ProjectedDiscriminator(channels, (2, 1, 1, 1))
        return networks

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        if resolution % 64:
            raise ValueError(f"--resolution must be divisible by 64, not {resolution}.")
        holes = Holes(self.feature_holes, self.transplants)
        return edit_samples(sources["faces"], split, resolution, seed, sources.streaming, sources.weights, holes)

    def release(self) -> tuple[str, ...]:
        return ("refiner", "projected") if self.projected_beta else ("refiner",)

    def updates(self) -> list[Update]:
        betas = {"muon": (0.9, 0.999), "adam": (0.5, 0.999)}[self.optimizer]
        optimizer = Optimizer(self.learning_rate, kind=self.optimizer, betas=betas)
        turns = [Update("refiner", ("refiner",), self.refiner_turn, optimizer)]
        if self.projected_beta:
            options = Optimizer(self.discriminator_learning_rate)
            turns.append(Update("projected", ("projected",), self.projected_turn, options))
        return turns

    def refiner_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Detail in windows around the hole. Leaves what the discriminator's turn looks at."""
        image, mask, completed = self.look(networks, batch)
        target, features = networks["features"](image), networks["features"](completed)
        share = mask.mean((1, 2, 3)).clamp_min(1e-6)
        losses = {
            "pixel": self.pixel * ((completed - image).abs().mean((1, 2, 3)) / share).mean(),
            "coarse": self.coarse * (F.avg_pool2d(completed - image, 4).abs().mean((1, 2, 3)) / share).mean(),
            "lpips": self.lpips * lpips(features, target, networks["features"].heads, mask).mean(),
        }
        if self.projected_beta:
            target, features = judged(image, target), judged(completed, features)
            sizes = feature_sizes(target)
            logits = zip(networks["projected"](features, sizes, mask), WEIGHTS, strict=True)
            losses["adversarial"] = self.projected_beta * sum(
                weight * generator_loss(layer, hole_weights(mask, layer.shape[-2:])) for layer, weight in logits
            )
            shared["judged"] = (target, [layer.detach() for layer in features], sizes, mask)
        return losses

    def look(self, networks: Networks, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Windows (N * windows, C, S, S) of the photograph, the hole and the refined photograph."""
        fold, stride = networks["refiner"].fold, networks["refiner"].stride
        places = window_places(batch["mask"], batch["mix"], self.window, self.windows, stride)
        answers = networks["refiner"](cut(first_answer(networks["first"], batch), places, self.window))
        # The judges look from corners of their own, lest their strides and the refiner's folds agree on a pattern.
        shifts = [(n, (y // 8 + n) % fold, (x // 8 + 2 * n) % fold) for n, (_, y, x) in enumerate(places)]
        pictures = (cut(batch["image"], places, self.window), cut(batch["mask"], places, self.window), answers)
        image, mask, refined = (cut(picture, shifts, self.window - fold) for picture in pictures)
        return image, mask, blend(refined, image, mask)

    def projected_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Hinge loss and drift of the heads, on what the refiner's turn left, or on a look of our own."""
        if "judged" not in shared:
            with torch.no_grad():
                image, mask, completed = self.look(networks, batch)
                target, features = (judged(picture, networks["features"](picture)) for picture in (image, completed))
            shared["judged"] = (target, features, feature_sizes(target), mask)
        target, features, sizes, mask = shared["judged"]
        judge = networks["projected"]
        pairs = zip(judge(target, sizes, mask), judge(features, sizes, mask), strict=True)
        weighted = [(real, fake, hole_weights(mask, real.shape[-2:])) for real, fake in pairs]
        losses = {
            "projected": sum(discriminator_loss(real, fake, True, share) for real, fake, share in weighted),
            "projected_drift": self.epsilon * sum(real_drift_loss(real, share) for real, _, share in weighted),
        }
        for layer, (real, fake, share) in enumerate(weighted):
            losses[f"_apart_{layer}"] = generator_loss(fake, share) - generator_loss(real, share)
        return losses

    def card(self) -> Card:
        return Card(
            title="fine detail for faces that were edited",
            task="image-to-image",
            tags=("face-editing", "inpainting", "sketch", "gan", "sc-fegan"),
            about="The second stage of a cascade: what another network painted into a face at half the size is enlarged, and "
            "this one adds the detail. `docs/decisions.md` of the project says what it is worth.",
            usage=USAGE,
            sheet="Held-out photographs, what was erased and drawn, the first stage's answers, and the results",
            limits="- It adds detail to what the first stage painted, and does not mend it.\n"
            "- It knows the faces of its data, and one first stage.",
            ethics="Edit only pictures of people who agree to it, and say that a picture was edited.",
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Cascade", dict[str, Any]]:
        """After a tiny first network, with AlexNet of random weights."""
        SCFEGANGenerator.preset("plain", width=4, resolution=64).save_pretrained(folder / "first")
        network = AlexNetFeatures()
        tensors = {f"features.{key}": value for key, value in network.features.state_dict().items()}
        tensors |= {f"lpips.{number}.weight": torch.rand_like(head) for number, head in enumerate(network.heads)}
        save_file(tensors, folder / "random-alexnet.safetensors")
        files = {"first": str(folder / "first"), "perceptual_weights": str(folder / "random-alexnet.safetensors")}
        refiner = '{"widths": [8, 8, 8], "resolution": 128}'
        return cls(**files, refiner_options=refiner, window=64, windows=2), {"resolution": 128}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        image, mask = batch["image"], batch["mask"]
        assembled = first_answer(networks["first"], batch)
        drawn = blend(torch.ones_like(image), image, mask)
        drawn = blend(batch["color"], drawn, batch["color_mask"] * mask)
        drawn = blend(torch.full_like(image, -1), drawn, batch["sketch"] * mask)
        result = blend(networks["refiner"](assembled), image, mask).clamp(-1, 1)
        return {"original": image, "drawn": drawn, "first": assembled[:, :3], "result": result}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample, over the hole: PSNR (dB), LPIPS, and fine detail as a part of the photograph's."""
        image, mask = batch["image"], batch["mask"]
        completed = blend(networks["refiner"](first_answer(networks["first"], batch)), image, mask).clamp(-1, 1)
        error = ((completed - image).square() * mask).flatten(1).sum(1) / (3 * mask.flatten(1).sum(1))
        features, target = networks["features"](completed), networks["features"](image)
        return {
            "masked_psnr": 10 * torch.log10(4 / error.clamp_min(1e-10)),
            "lpips": lpips(features, target, networks["features"].heads, mask),
            "detail": fine_detail(completed, mask) / fine_detail(image, mask),
        }


@torch.no_grad()
def first_answer(first: nn.Module, batch: Batch) -> Tensor:
    """The refiner's input for a batch."""
    return refiner_input(first, *(batch[name] for name in (*PARTS, "noise")))


def window_places(mask: Tensor, mix: Tensor, side: int, number: int, step: int) -> list[tuple[int, int, int]]:
    """(sample, top, left) of ``number`` squares a sample around pixels spread over its hole, at multiples of ``step``.

    Which pixels follows from the samples' own ``mix``.
    """
    height, width = mask.shape[-2:]
    places = []
    for sample, (hole, share) in enumerate(zip(mask[:, 0], mix.tolist(), strict=True)):
        pixels = hole.nonzero()
        for turn in range(number):
            row, column = pixels[int((share + turn / number) % 1 * (len(pixels) - 1))].tolist()
            top, left = (max(min(at - side // 2, end - side), 0) for at, end in ((row, height), (column, width)))
            places.append((sample, top // step * step, left // step * step))
    return places


def cut(pictures: Tensor, places: list[tuple[int, int, int]], side: int) -> Tensor:
    """Squares of (N, C, H, W) at ``places`` (sample, top, left), as (len(places), C, side, side)."""
    return torch.stack([pictures[n, :, top : top + side, left : left + side] for n, top, left in places])


def judged(picture: Tensor, features: list[Tensor]) -> list[Tensor]:
    """What the discriminator's heads see: pixels folded two by two, and the first layers of features."""
    return [F.pixel_unshuffle(picture, 2), *features[:JUDGED]]


def fine_detail(picture: Tensor, mask: Tensor) -> Tensor:
    """Mean size (N,) in the hole of what means of 3x3 pixels do not hold."""
    fine = (picture - F.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)).abs() * mask
    return fine.sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1)


USAGE = """```python
from scfegan_hf.models.refiner import FaceRefiner

refiner = FaceRefiner.from_pretrained("{repository}")  # its input: scfegan_hf.conditioning.assemble_refinement
```"""

RECIPE = Cascade
