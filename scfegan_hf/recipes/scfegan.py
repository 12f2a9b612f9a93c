"""SC-FEGAN: fill a hole in a face from a sketch and colours (Jo & Park 2019, sections 3.2 and 3.3)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.conditioning import assemble, blend
from scfegan_hf.data.rows import COLUMNS
from scfegan_hf.editing.drawn.drawing import Hand
from scfegan_hf.editing.drawn.samples import Holes, edit_samples
from scfegan_hf.losses.adversarial import discriminator_loss, generator_loss, hole_weights, real_drift_loss
from scfegan_hf.losses.penalties import gradient_penalty, interpolate
from scfegan_hf.losses.perceptual import feature_sizes, loss_scales, perceptual_loss, style_loss
from scfegan_hf.losses.reconstruction import coarse_loss, per_pixel_loss, total_variation_loss
from scfegan_hf.models.features import SqueezeNetFeatures, feature_network
from scfegan_hf.models.projected import ProjectedDiscriminator
from scfegan_hf.models.scfegan import PRESETS, SCFEGANDiscriminator, SCFEGANGenerator
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


@dataclass(frozen=True)
class SCFEGAN(Recipe):
    """Hyper-parameters of SC-FEGAN. "Ours" marks what the paper does not publish."""

    name: str = field(default="scfegan", init=False, repr=False)
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "discriminator_width": (1, 1024), "feature_holes": (0, 1), "transplants": (0, 1), "penalty_every": (1, 10**6),
    }  # fmt: skip
    hand: ClassVar[Hand] = Hand()  # how training's drawings are made; ours

    preset: Literal["paper", "compact", "plain"] = "compact"
    generator_options: str = "{}"  # JSON object of constructor arguments that override the preset's
    discriminator_width: int = 64  # section 3.2
    perceptual: Literal["vgg16", "squeezenet"] = "vgg16"  # eq. 3.2
    perceptual_weights: str | None = None  # safetensors file; None fetches VGG-16 from the Hub
    relative_features: bool = True  # ours: see losses/perceptual.py; False with vgg16 is the published form
    features_of_generated: bool = False  # ours: the paper's second sums, over what is outside the hole and thrown away
    window: int = 0  # side of the square around a pixel of the hole that all losses see; ours, 0 is all of the picture
    alpha: float = 10.0  # weight of the hole in eq. 3.1; ours, the paper says > 1
    coarse: float = 60.0  # errors of 4x4 means in the completed image; ours, 0 leaves it out: see docs/decisions.md
    sigma: float = 0.3  # perceptual; 0.05 as published for absolute VGG-16 features, ours for relative ones
    gamma: float = 0.15  # style; 120 as published for absolute VGG-16 features, ours for relative ones
    nu: float = 0.2  # total variation, eq. 3.7; published 0.1, ours: see docs/decisions.md
    beta: float = 0.01  # adversarial; 0.001 as published beside absolute features, ours; 0 leaves the discriminator out
    projected_beta: float = 0.0  # adversarial, by a second discriminator on the perceptual features; ours, 0 leaves it out
    epsilon: float = 0.001  # drift of real logits, eq. 3.6
    theta: float = 0.0  # gradient penalty, eq. 3.8; published 10, ours: spectral normalisation bounds D already
    hinge: bool = True  # ours: the linear form of eq. 3.8 grows without bound
    penalty_every: int = 8  # ours: lazy regularisation (Karras et al. 2020, section 3.1)
    feature_holes: float = 0.84  # share of training's holes that lie over an eye, the mouth or the like; ours
    transplants: float = 0.3  # share of those for which another face's feature becomes the truth; ours
    optimizer: Literal["muon", "adam"] = "muon"  # of the generator; ours, see docs/decisions.md
    learning_rate: float = 6e-4  # ours
    discriminator_learning_rate: float = 4e-4  # ours
    discriminator_lr_scheduler: Literal["constant", "cosine"] | None = None  # ours; None: --lr_scheduler
    discriminator_lr_warmup_steps: int | None = None  # ours; None: --lr_warmup_steps

    def networks(self, resolution: int = 256) -> dict[str, nn.Module]:
        preset = partial(SCFEGANGenerator.preset, self.preset)
        generator = from_options(preset, self.generator_options, "generator_options")
        features = feature_network(self.perceptual, self.perceptual_weights)
        features.loss_scales = loss_scales(features)
        networks = {"generator": generator, "features": features}
        if self.beta:
            networks["discriminator"] = SCFEGANDiscriminator(self.discriminator_width)
        if self.projected_beta:
            networks["projected"] = ProjectedDiscriminator(features.CHANNELS, features.HEAD_STRIDES)
        return networks

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        stride = 2 ** {**PRESETS[self.preset], **json.loads(self.generator_options)}["stages"]
        if resolution % stride:
            raise ValueError(f"--resolution must be divisible by {stride}, not {resolution}.")
        holes = Holes(self.feature_holes, self.transplants)
        return edit_samples(sources["faces"], split, resolution, seed, sources.streaming, sources.weights, holes, self.hand)

    def release(self) -> tuple[str, ...]:
        judges = {"discriminator": self.beta, "projected": self.projected_beta}
        return ("generator", *(name for name, weight in judges.items() if weight))

    def updates(self) -> list[Update]:
        betas = {"muon": (0.9, 0.999), "adam": (0.5, 0.999)}[self.optimizer]
        generator = Optimizer(self.learning_rate, kind=self.optimizer, betas=betas)
        discriminator = Optimizer(
            self.discriminator_learning_rate,
            schedule=self.discriminator_lr_scheduler,
            warmup_steps=self.discriminator_lr_warmup_steps,
        )
        turns = [Update("generator", ("generator",), self.generator_turn, generator)]
        if self.beta:
            turns.append(Update("discriminator", ("discriminator",), self.discriminator_turn, discriminator))
        if self.projected_beta:
            turns.append(Update("projected", ("projected",), self.projected_turn, discriminator))
        if self.beta and self.theta and self.penalty_every > 1:
            turns.append(Update("penalty", ("discriminator",), self.penalty_turn, discriminator, every=self.penalty_every))
        return turns

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Eq. 3.7. Leaves what it looked at, and the features of that, for the discriminators' turns."""
        seen = self.look(networks, batch)
        image, mask, completed = seen["image"], seen["mask"], seen["completed"]
        target = networks["features"](image)
        pictures = [completed, seen["generated"]] if self.features_of_generated else [completed]
        features = [networks["features"](picture) for picture in pictures]
        relative = self.relative_features
        perceptual, style = networks["features"].loss_scales if relative else (1.0, 1.0)
        losses = {
            "per_pixel": per_pixel_loss(seen["generated"].float(), image, mask, self.alpha),
            "perceptual": self.sigma * perceptual * sum(perceptual_loss(layers, target, relative) for layers in features),
            "style": self.gamma * style * sum(style_loss(layers, target, relative) for layers in features),
            "total_variation": self.nu * total_variation_loss(completed.float(), mask),
        }
        if self.coarse:
            losses["coarse"] = self.coarse * coarse_loss(completed.float(), image)
        if self.beta:
            losses["adversarial"] = self.beta * generator_loss(networks["discriminator"](judged(completed, seen)))
        if self.projected_beta:
            sizes = feature_sizes(target)
            logits = zip(networks["projected"](features[0], sizes, mask), networks["features"].HEAD_WEIGHTS, strict=True)
            losses["projected_adversarial"] = self.projected_beta * sum(
                weight * generator_loss(layer, hole_weights(mask, layer.shape[-2:])) for layer, weight in logits
            )
            shared["features"] = (target, [layer.detach() for layer in features[0]], sizes)
        shared["seen"] = {**seen, "completed": completed.detach(), "generated": None}
        return losses

    def look(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """What all losses see: the batch with what the generator makes of it, cut to the window."""
        generated, completed = generate(networks["generator"], batch)
        return window({**batch, "generated": generated, "completed": completed}, self.window)

    def seen(self, networks: Networks, batch: Batch, shared: Shared) -> dict[str, Tensor]:
        """What the generator's turn looked at, or a look of our own in a step without that turn."""
        if "seen" not in shared:
            with torch.no_grad():
                shared["seen"] = self.look(networks, batch)
        return shared["seen"]

    def features(self, networks: Networks, batch: Batch, shared: Shared) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Features of photograph and completed image, and sizes of the former: the generator's turn's, or our own."""
        if "features" not in shared:
            seen = self.seen(networks, batch, shared)
            with torch.no_grad():
                target, completed = networks["features"](seen["image"]), networks["features"](seen["completed"])
            shared["features"] = (target, completed, feature_sizes(target))
        return shared["features"]

    def discriminator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Eq. 3.8, and the drift term of eq. 3.6."""
        seen = self.seen(networks, batch, shared)
        both = torch.cat([judged(seen["image"], seen), judged(seen["completed"], seen)])
        real, fake = networks["discriminator"](both).chunk(2)
        losses = {
            "discriminator": discriminator_loss(real, fake, self.hinge),
            "drift": self.epsilon * real_drift_loss(real),
            "_real_logits": real.float().mean(),
            "_fake_logits": fake.float().mean(),
        }
        if self.theta and self.penalty_every == 1:
            losses |= self.penalty_turn(networks, batch, shared)
        return losses

    def projected_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Hinge loss and drift of the second discriminator, on features of photograph and completed image."""
        target, features, sizes = self.features(networks, batch, shared)
        mask, judge = self.seen(networks, batch, shared)["mask"], networks["projected"]
        pairs = zip(judge(target, sizes, mask), judge(features, sizes, mask), strict=True)
        weighted = [(real, fake, hole_weights(mask, real.shape[-2:])) for real, fake in pairs]
        return {
            "projected": sum(discriminator_loss(real, fake, True, share) for real, fake, share in weighted),
            "projected_drift": self.epsilon * sum(real_drift_loss(real, share) for real, _, share in weighted),
            "_projected_real": -sum(generator_loss(real, share) for real, _, share in weighted) / len(weighted),
            "_projected_fake": -sum(generator_loss(fake, share) for _, fake, share in weighted) / len(weighted),
        }

    def penalty_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Eq. 3.9 on points between photograph and completed image; weighted up by how seldom it runs."""
        seen = self.seen(networks, batch, shared)
        points = interpolate(seen["image"], seen["completed"], batch["mix"])
        with torch.autocast(points.device.type, enabled=False):  # double backward in full precision
            logits = networks["discriminator"](judged(points, seen).float())
            penalty = gradient_penalty(logits, points, seen["mask"])
        return {"penalty": self.theta * self.penalty_every * penalty}

    def card(self) -> Card:
        return Card(
            title="edit a face by drawing on it",
            task="image-to-image",
            tags=("face-editing", "inpainting", "sketch", "gan", "sc-fegan"),
            about=ABOUT,
            usage=USAGE,
            sheet="Held-out photographs, what was erased and drawn, and the results",
            limits=LIMITS,
            ethics=ETHICS,
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["SCFEGAN", dict[str, Any]]:
        """With SqueezeNet of random weights, and a penalty every second step."""
        weights = folder / "random-squeezenet.safetensors"
        save_file(SqueezeNetFeatures().state_dict(), weights)
        networks = {"generator_options": '{"width": 4, "resolution": 128}', "discriminator_width": 4}
        features = {"perceptual": "squeezenet", "perceptual_weights": str(weights)}
        return cls(**networks, **features, theta=10.0, penalty_every=2), {"resolution": 128}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        image, mask = batch["image"], batch["mask"]
        _, completed = generate(networks["generator"], batch)
        sketch, color_mask = batch["sketch"] * mask, batch["color_mask"] * mask
        drawn = blend(torch.ones_like(image), image, mask)
        drawn = blend(batch["color"], drawn, color_mask)
        drawn = blend(torch.full_like(image, -1), drawn, sketch)
        return {"original": image, "drawn": drawn, "result": completed.clamp(-1, 1)}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample: PSNR in the hole (dB), and relative feature distance of the completed image."""
        image, mask = batch["image"], batch["mask"]
        _, completed = generate(networks["generator"], batch)
        error = ((completed.clamp(-1, 1) - image).square() * mask).flatten(1).sum(1) / (3 * mask.flatten(1).sum(1))
        features, target = networks["features"](completed.clamp(-1, 1)), networks["features"](image)
        distance = [
            perceptual_loss([layer[i : i + 1] for layer in features], [layer[i : i + 1] for layer in target])
            for i in range(len(image))
        ]
        return {"masked_psnr": 10 * torch.log10(4 / error.clamp_min(1e-10)), "feature_distance": torch.stack(distance)}


def generate(generator: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """The generator's answer to a batch, and the same with the photograph outside the hole."""
    names = ("image", "mask", "sketch", "color", "color_mask", "noise")
    assembled = assemble(*(batch[name] for name in names), fill=generator.fill, color_flag=generator.color_flag)
    generated = generator(assembled)
    return generated, blend(generated, batch["image"], batch["mask"])


def window(batch: Batch, side: int) -> dict[str, Tensor]:
    """The pictures of a batch cut to squares of ``side`` around one pixel of each hole; 0 leaves them whole.

    Which pixel follows from the sample's own ``mix``. Features and discriminators cost as much as the pixels they see,
    and most of a sample lies outside its hole.
    """
    names = ("image", "mask", "sketch", "color", "color_mask", "generated", "completed")
    height, width = batch["mask"].shape[-2:]
    if not side or side >= min(height, width):
        return {name: batch[name] for name in names}
    corners = []
    for mask, mix in zip(batch["mask"][:, 0], batch["mix"], strict=True):
        hole = mask.nonzero()
        row, column = hole[int(mix * (len(hole) - 1))].tolist()
        corners.append((min(max(row - side // 2, 0), height - side), min(max(column - side // 2, 0), width - side)))
    return {
        name: torch.stack([x[:, y : y + side, z : z + side] for x, (y, z) in zip(batch[name], corners, strict=True)])
        for name in names
    }


def judged(image: Tensor, batch: Batch) -> Tensor:
    """What the discriminator sees: image, and the drawing in the hole; colour is 0 where none was painted."""
    mask = batch["mask"]
    return torch.cat([image, batch["sketch"] * mask, batch["color"] * batch["color_mask"] * mask, mask], dim=1)


ABOUT = """The generator fills an erased region of a face along drawn lines and dabs of colour. It follows SC-FEGAN (Jo & Park,
ICCV 2019); where it departs from the paper, `docs/decisions.md` of the project says why."""
USAGE = """```python
from scfegan_hf import FaceEditPipeline

pipe = FaceEditPipeline.from_pretrained("{repository}")
pipe("photo.png", "mask.png", sketch="sketch.png", color="color.png").save("edited.png")
```

The mask is non-zero where the photograph is to be repainted; the sketch is non-zero on lines; the colour picture is
RGBA, opaque where a colour was painted. All have the photograph's size. Pixels outside the mask do not change.
`revision=` takes a commit of this repository, `dtype="bfloat16"` halves the memory."""
LIMITS = """- It knows what its data hold. Profiles, hands or objects before the face, and faces that are rare in the data come
  out worse.
- Large holes without lines or colours come out smooth: the drawing is what tells it what to paint.
- It hardly heeds its noise input: other seeds give nearly the same picture."""
ETHICS = """Edit only pictures of people who agree to it, and say that a picture was edited. The biases of the data, in age,
skin and pose, are those of the results."""
CITATION = """@inproceedings{jo2019scfegan,
  title     = {SC-FEGAN: Face Editing Generative Adversarial Network with User's Sketch and Color},
  author    = {Jo, Youngjoo and Park, Jongyoul},
  booktitle = {Proceedings of the IEEE/CVF International Conference on Computer Vision (ICCV)},
  year      = {2019}
}"""

RECIPE = SCFEGAN
