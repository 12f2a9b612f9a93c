"""Make-up from a reference photograph, and its removal (BeautyGAN, Li et al. 2018), from painted pairs whose truth is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.data.samples import samples_of
from scfegan_hf.faces.made_up import COLUMNS, decode_landmarked, makeup_sample
from scfegan_hf.faces.makeup_places import LAYERS
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.lpips import lpips_network, save_untrained
from scfegan_hf.models.makeup import MakeupTransfer, assemble_makeup, makeup_changes
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

# Where figures are taken: over half of these layers' masks.
SEEN = {"lips": ("lips",), "eyes": ("shadow", "liner"), "skin": ("blush", "foundation")}


@dataclass(frozen=True)
class Makeup(Recipe):
    """Hyper-parameters. There is no discriminator and no histogram loss: pairs have a truth (docs/decisions.md)."""

    name: str = field(default="makeup", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 192,
        "train_batch_size": 16,
        "ema_decay": 0.995,
        "lr_warmup_steps": 50,
    }
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})

    network_options: str = "{}"  # JSON object of the network's constructor arguments
    perceptual_weights: str | None = None  # safetensors of AlexNet with LPIPS's heads, for that loss and its figure
    layer: float = 1.0  # weight of each layer's mean absolute error within its mask
    pixel: float = 4.0  # weight of the whole picture's mean absolute error
    lpips: float = 0.0  # weight of LPIPS
    learning_rate: float = 1e-3

    def networks(self, resolution: int = 192) -> dict[str, nn.Module]:
        given = {"layers": len(LAYERS), "resolution": resolution}
        networks = {"generator": from_options(MakeupTransfer, self.network_options, "network_options", **given)}
        if self.perceptual_weights or self.lpips:
            networks["features"] = lpips_network(self.perceptual_weights)
        return networks

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        make = partial(makeup_sample, resolution=resolution, seed=seed, train=split == "train")
        loading = {"streaming": sources.streaming, "weights": sources.weights, "decode": decode_landmarked}
        return samples_of(sources["faces"], split, make, seed, COLUMNS, others=True, **loading)

    def updates(self) -> list[Update]:
        how = Optimizer(self.learning_rate, kind="muon", betas=(0.9, 0.999))
        return [Update("generator", ("generator",), self.generator_turn, how)]

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        changed, answer = made_up(networks["generator"], batch)
        apart = (changed - batch["changes"]).abs().mean(2)  # (N, layers, H, W)
        covered = batch["masks"].sum((2, 3))
        losses = {
            "layer": self.layer * (apart.sum((2, 3)) / covered.clamp_min(1)).mean(),
            "pixel": self.pixel * (answer - batch["truth"]).abs().mean(),
        }
        if self.lpips:
            features = networks["features"]
            losses["lpips"] = self.lpips * lpips(features(answer), features(batch["truth"]), features.heads).mean()
        return losses

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        _, answer = made_up(networks["generator"], batch)
        shown = {"photograph": batch["source"], "reference, bent": batch["reference"]}
        return shown | {"made up": answer.clamp(-1, 1), "truth": batch["truth"]}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample: PSNR (dB) to the truth where each part's make-up is, and LPIPS where there is AlexNet."""
        _, answer = made_up(networks["generator"], batch)
        answer = ((answer.clamp(-1, 1) + 1) * 127.5).round()
        error = (answer - (batch["truth"] + 1) * 127.5).square().mean(1)  # (N, H, W)
        figures = {}
        for name, layers in SEEN.items():
            inside = (batch["masks"][:, [LAYERS.index(layer) for layer in layers]].amax(1) > 0.5).float()
            mean = (error * inside).sum((1, 2)) / inside.sum((1, 2)).clamp_min(1)
            figures[f"psnr_{name}"] = 10 * torch.log10(255**2 / mean.clamp_min(0.05))
        if "features" in networks:
            pictures = (networks["features"](picture) for picture in (answer / 127.5 - 1, batch["truth"]))
            figures["lpips"] = lpips(*pictures, networks["features"].heads)
        return figures

    def card(self) -> Card:
        return Card(
            title="make-up from a reference photograph",
            task="image-to-image",
            tags=("makeup-transfer", "beautygan", "faces"),
            about="Carries lips, eye shadow, liner, blush and foundation from one photograph of a face to another, or takes "
            "them off. After BeautyGAN (Li et al. 2018), but taught by painted pairs whose truth is known, and it answers a "
            "coarse grid of colour changes, so that detail and background stay the photograph's.",
            usage=USAGE,
            sheet="Held-out photographs, painted references bent onto them, results, and the truth",
            limits="- Colours come over, shapes do not: a wing of liner has the package's own shape.\n"
            "- It was taught by painted make-up. What lies otherwise (glitter, face paint) becomes plain colour.\n"
            "- A faint look cannot be told from bare skin of that colour.",
            ethics="Show people made up only with their consent, and say that the picture was edited.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Makeup", dict[str, Any]]:
        """With AlexNet of random weights."""
        options = '{"widths": [8, 8], "encoder_blocks": [1], "dilations": [1], "decoder_blocks": [1], "hidden": 8}'
        weights = save_untrained(folder / "random-alexnet.safetensors")
        return cls(network_options=options, perceptual_weights=weights, lpips=0.5), {"resolution": 64}


def made_up(generator: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """What the network adds by layer (N, layers, 3, H, W), and the picture with it (N, 3, H, W)."""
    grid = generator(assemble_makeup(*(batch[name] for name in ("source", "reference", "remove", "masks"))))
    changed = makeup_changes(grid.float(), batch["masks"], batch["detail"])
    return changed, batch["source"] + changed.sum(1)


USAGE = """```python
from scfegan_hf import MakeupPipeline

pipe = MakeupPipeline.from_pretrained("{repository}")
pipe("photo.jpg", reference="made-up.jpg", strength=0.8).save("result.png")
```"""
CITATION = """@inproceedings{li2018beautygan,
  title     = {BeautyGAN: Instance-level Facial Makeup Transfer with Deep Generative Adversarial Network},
  author    = {Li, Tingting and Qian, Ruihe and Dong, Chao and Liu, Si and Yan, Qiong and Zhu, Wenwu and Lin, Liang},
  booktitle = {ACM International Conference on Multimedia},
  year      = {2018}
}"""

RECIPE = Makeup
