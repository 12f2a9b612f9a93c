"""Smile, age and features changed by numbers (StarGAN, Choi et al. 2018), from pairs whose steps are known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.data.samples import Sample, samples_of
from scfegan_hf.faces.close import close_frame
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.lpips import lpips_network, save_untrained
from scfegan_hf.models.stargan import ATTRIBUTES, COVER, FLOW, AttributeChange, change_face, rim
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

COLUMNS = ("image", "target", *ATTRIBUTES)


@dataclass(frozen=True)
class StarGAN(Recipe):
    """Hyper-parameters, all ours. There is no discriminator and no classifier: pairs have a truth, and the judges that
    measure the result must not have taught it."""

    name: str = field(default="stargan", init=False, repr=False)
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 128,
        "train_batch_size": 12,
        "ema_decay": 0.98,
        "lr_warmup_steps": 50,
    }
    loading: ClassVar[frozenset[str]] = frozenset({"weights"})

    network_options: str = "{}"  # JSON object of the network's constructor arguments
    perceptual_weights: str | None = None  # safetensors of AlexNet with LPIPS's heads
    pixel: float = 4.0  # weight of the mean absolute error within the oval
    lpips: float = 4.0  # weight of LPIPS within the oval
    bending: float = 0.2  # weight of squared differences of neighbouring flows, in pixels
    cover: float = 0.05  # weight of how much is painted over
    learning_rate: float = 3e-4

    def networks(self, resolution: int = 128) -> dict[str, nn.Module]:
        generator = from_options(AttributeChange, self.network_options, "network_options", resolution=resolution)
        return {"generator": generator, "features": lpips_network(self.perceptual_weights)}

    def roles(self) -> dict[str, Role]:
        return {"pairs": Role(COLUMNS, "pairs of aligned faces of one person, and how far each attribute moved")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        make = partial(pair_sample, side=resolution, seed=seed, train=split == "train")
        return samples_of(sources["pairs"], split, make, seed, COLUMNS, weights=sources.weights)

    def updates(self) -> list[Update]:
        how = Optimizer(self.learning_rate, kind="muon", betas=(0.9, 0.999))
        return [Update("generator", ("generator",), self.generator_turn, how)]

    def generator_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        answer = networks["generator"](batch["source"], batch["steps"])
        changed = change_face(batch["source"], answer)
        oval = rim(changed.shape[-1], changed.device)
        flow = answer[:, FLOW] * answer.shape[-1]  # in pixels
        features, mask = networks["features"], oval.expand(len(changed), 1, -1, -1)
        with torch.no_grad():
            truth = features(batch["target"])
        return {
            "pixel": self.pixel * ((changed - batch["target"]).abs() * oval).mean() / oval.mean(),
            "lpips": self.lpips * lpips(features(changed), truth, features.heads, mask).mean(),
            "bending": self.bending * (flow.diff(dim=2).square().mean() + flow.diff(dim=3).square().mean()),
            "cover": self.cover * answer[:, COVER].mean(),
        }

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        changed = change_face(batch["source"], networks["generator"](batch["source"], batch["steps"]))
        return {"face": batch["source"], "changed": changed.clamp(-1, 1), "truth": batch["target"]}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per pair: LPIPS to the truth within the oval, and that of the face as it was."""
        changed = change_face(batch["source"], networks["generator"](batch["source"], batch["steps"])).clamp(-1, 1)
        features = networks["features"]
        mask = rim(changed.shape[-1], changed.device).expand(len(changed), 1, -1, -1)
        answer, source, truth = (features(picture) for picture in (changed, batch["source"], batch["target"]))
        return {
            "lpips": lpips(answer, truth, features.heads, mask),
            "lpips_unchanged": lpips(source, truth, features.heads, mask),
        }

    def card(self) -> Card:
        return Card(
            title="a face's smile, age and features by sliders",
            task="image-to-image",
            tags=("stargan", "face-attributes", "faces"),
            about="Moves a smile, the age, and how feminine or masculine features look. After StarGAN (Choi et al. 2018), but "
            "taught by pairs whose truth is known; it bends the face, and paints only what was not seen.",
            usage=USAGE,
            sheet="Held-out faces, changed, and the truth",
            limits="- Hair, neck and background never change.\n- Teeth that were not seen are made up, and soft when enlarged.",
            ethics="Change people's faces only with their consent, and say that the picture was edited.",
            citation=CITATION,
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["StarGAN", dict[str, Any]]:
        options = '{"widths": [8, 8], "encoder_blocks": [1], "dilations": [1], "decoder_blocks": [1]}'
        return cls(options, save_untrained(folder / "random-alexnet.safetensors")), {"resolution": 64}


def pair_sample(row: dict, n: int, other=None, *, side: int, seed: int, train: bool) -> Sample:
    """The close squares of a pair: "source", "target" (3, side, side), and "steps" (3,) from one to the other.

    In training both are turned, scaled, moved, mirrored and tinted alike, and half the time the pair is taken backwards.
    """
    first, second = row["image"], row["target"]
    steps = np.array([row[name] for name in ATTRIBUTES], np.float32)
    large = max(len(first), len(second))
    corner = np.float32([[0, 0], [0, large], [large, large], [large, 0]])
    frame, gain = close_frame(corner), np.ones(3, np.float32)
    if train:
        rng = np.random.default_rng((seed, 9, n))
        if rng.random() < 0.5:
            first, second, steps = second, first, -steps
        frame = jittered(frame, rng)
        if rng.random() < 0.5:
            frame = frame[[3, 2, 1, 0]]  # mirrored
        gain = (rng.uniform(0.8, 1.15) * rng.uniform(0.92, 1.08, 3)).astype(np.float32)
    squares = []
    for picture in (first, second):
        own = np.ascontiguousarray(frame[:3] * (len(picture) / large), np.float32)
        matrix = cv2.getAffineTransform(own, np.float32([[0, 0], [0, side], [side, side]]))
        square = cv2.warpAffine(picture, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
        tinted = np.clip(square * gain, 0, 255).transpose(2, 0, 1) / np.float32(127.5) - 1
        squares.append(torch.from_numpy(np.ascontiguousarray(tinted, np.float32)))
    return {"source": squares[0], "target": squares[1], "steps": torch.from_numpy(steps)}


def jittered(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A frame (4, 2) turned, scaled and moved a little."""
    side, centre = frame[3, 0] - frame[0, 0], frame.mean(0)
    angle, scale = math.radians(rng.uniform(-8, 8)), rng.uniform(0.92, 1.1)
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return ((frame - centre) @ turn.T + centre + side * rng.uniform(-0.04, 0.04, 2)).astype(np.float32)


USAGE = """```python
from scfegan_hf import AttributePipeline

pipe = AttributePipeline.from_pretrained("{repository}")
pipe("photo.jpg", smile=0.8).save("result.png")
```"""
CITATION = """@inproceedings{choi2018stargan,
  title     = {StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation},
  author    = {Choi, Yunjey and Choi, Minje and Kim, Munyoung and Ha, Jung-Woo and Kim, Sunghun and Choo, Jaegul},
  booktitle = {IEEE Conference on Computer Vision and Pattern Recognition},
  year      = {2018}
}"""

RECIPE = StarGAN
