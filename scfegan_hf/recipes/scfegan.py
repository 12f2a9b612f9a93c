"""SC-FEGAN: fill a hole in a face from a sketch and colours (Jo & Park 2019, sections 3.2 and 3.3)."""

import json
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.conditioning import assemble, blend
from scfegan_hf.data.datasets import edit_samples
from scfegan_hf.losses.adversarial import discriminator_loss, generator_loss, real_drift_loss
from scfegan_hf.losses.penalties import gradient_penalty, interpolate
from scfegan_hf.losses.perceptual import feature_network, perceptual_loss, style_loss
from scfegan_hf.losses.reconstruction import per_pixel_loss, total_variation_loss
from scfegan_hf.models.scfegan import STRIDE, SCFEGANDiscriminator, SCFEGANGenerator
from scfegan_hf.recipe import AdamOptions, Batch, Losses, Networks, Recipe, Update


@dataclass(frozen=True)
class SCFEGAN(Recipe):
    """Hyper-parameters of SC-FEGAN. "Ours" marks what the paper does not publish."""

    name: str = field(default="scfegan", init=False, repr=False)

    preset: Literal["paper", "compact"] = "compact"
    generator_options: str = "{}"  # JSON object of constructor arguments that override the preset's
    discriminator_width: int = 64  # section 3.2
    perceptual: Literal["vgg16", "squeezenet"] = "vgg16"  # eq. 3.2
    perceptual_weights: str | None = None  # safetensors file; None fetches VGG-16 from the Hub
    relative_features: bool = True  # ours: see losses/perceptual.py; False with vgg16 is the published form
    features_of_generated: bool = False  # ours: the paper's second sums, over what is outside the hole and thrown away
    alpha: float = 6.0  # weight of the hole in eq. 3.1; ours, the paper says > 1
    sigma: float = 0.3  # perceptual; 0.05 as published for absolute VGG-16 features, ours for relative ones
    gamma: float = 0.15  # style; 120 as published for absolute VGG-16 features, ours for relative ones
    nu: float = 1.0  # total variation, eq. 3.7; published 0.1, ours: see docs/decisions.md
    beta: float = 0.01  # adversarial; 0.001 as published beside absolute features, ours
    epsilon: float = 0.001  # drift of real logits, eq. 3.6
    theta: float = 0.0  # gradient penalty, eq. 3.8; published 10, ours: spectral normalisation bounds D already
    hinge: bool = True  # ours: the linear form of eq. 3.8 grows without bound
    penalty_every: int = 8  # ours: lazy regularisation (Karras et al. 2020, section 3.1)
    learning_rate: float = 2e-4  # ours
    discriminator_learning_rate: float = 4e-4  # ours
    discriminator_lr_scheduler: Literal["constant", "cosine"] | None = None  # ours; None: --lr_scheduler
    discriminator_lr_warmup_steps: int | None = None  # ours; None: --lr_warmup_steps

    def networks(self) -> dict[str, nn.Module]:
        try:
            generator = SCFEGANGenerator.preset(self.preset, **json.loads(self.generator_options))
        except (TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"--generator_options is not a JSON object of the generator's arguments: {error}") from error
        return {
            "generator": generator,
            "discriminator": SCFEGANDiscriminator(self.discriminator_width),
            "features": feature_network(self.perceptual, self.perceptual_weights),
        }

    def dataset(self, folders: tuple[str, ...], split: str, resolution: int, seed: int, **loading) -> Dataset:
        if resolution % STRIDE:
            raise ValueError(f"--resolution must be divisible by {STRIDE}, not {resolution}.")
        return edit_samples(folders, split, resolution, seed, **loading)

    def release(self) -> tuple[str, ...]:
        return ("generator", "discriminator")

    def updates(self) -> list[Update]:
        generator = AdamOptions(self.learning_rate)
        discriminator = AdamOptions(
            self.discriminator_learning_rate,
            schedule=self.discriminator_lr_scheduler,
            warmup_steps=self.discriminator_lr_warmup_steps,
        )
        turns = [
            Update("generator", ("generator",), self.generator_turn, generator),
            Update("discriminator", ("discriminator",), self.discriminator_turn, discriminator),
        ]
        if self.theta and self.penalty_every > 1:
            turns.append(Update("penalty", ("discriminator",), self.penalty_turn, discriminator, every=self.penalty_every))
        return turns

    def generator_turn(self, networks: Networks, batch: Batch) -> Losses:
        """Eq. 3.7. Leaves the completed image for the discriminator's turn."""
        image, mask = batch["image"], batch["mask"]
        generated, completed = generate(networks["generator"], batch)
        batch["_completed"] = completed.detach()
        target = networks["features"](image)
        pictures = [completed, generated] if self.features_of_generated else [completed]
        seen = [networks["features"](picture) for picture in pictures]
        relative = self.relative_features
        return {
            "per_pixel": per_pixel_loss(generated.float(), image, mask, self.alpha),
            "perceptual": self.sigma * sum(perceptual_loss(features, target, relative) for features in seen),
            "style": self.gamma * sum(style_loss(features, target, relative) for features in seen),
            "total_variation": self.nu * total_variation_loss(completed.float(), mask),
            "adversarial": self.beta * generator_loss(networks["discriminator"](judged(completed, batch))),
        }

    def discriminator_turn(self, networks: Networks, batch: Batch) -> Losses:
        """Eq. 3.8, and the drift term of eq. 3.6."""
        both = torch.cat([judged(batch["image"], batch), judged(batch["_completed"], batch)])
        real, fake = networks["discriminator"](both).chunk(2)
        losses = {
            "discriminator": discriminator_loss(real, fake, self.hinge),
            "drift": self.epsilon * real_drift_loss(real),
            "_real_logits": real.float().mean(),
            "_fake_logits": fake.float().mean(),
        }
        if self.theta and self.penalty_every == 1:
            losses |= self.penalty_turn(networks, batch)
        return losses

    def penalty_turn(self, networks: Networks, batch: Batch) -> Losses:
        """Eq. 3.9 on points between photograph and completed image; weighted up by how seldom it runs."""
        points = interpolate(batch["image"], batch["_completed"], batch["mix"])
        with torch.autocast(points.device.type, enabled=False):  # double backward in full precision
            logits = networks["discriminator"](judged(points, batch).float())
            penalty = gradient_penalty(logits, points, batch["mask"])
        return {"penalty": self.theta * self.penalty_every * penalty}

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
    given = assemble(*(batch[name] for name in names), fill=generator.fill, color_flag=generator.color_flag)
    generated = generator(given)
    return generated, blend(generated, batch["image"], batch["mask"])


def judged(image: Tensor, batch: Batch) -> Tensor:
    """What the discriminator sees: image, and the drawing in the hole; colour is 0 where none was painted."""
    mask = batch["mask"]
    return torch.cat([image, batch["sketch"] * mask, batch["color"] * batch["color_mask"] * mask, mask], dim=1)


RECIPE = SCFEGAN
