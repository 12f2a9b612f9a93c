"""sketch2face: what face a doodle means (Lüken-Winkels & Häcker 2020, their latent approach), by eigenfaces' codes."""

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

from scfegan_hf.data.samples import Sample, samples_of
from scfegan_hf.editing.drawn import worn
from scfegan_hf.editing.drawn.doodles import doodle, measure
from scfegan_hf.editing.drawn.scrawls import SIDE, render
from scfegan_hf.faces.align import cut_frame, ffhq_frame
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.models.doodle_encoder import DoodleEncoder
from scfegan_hf.models.face_prior import read_prior, save_untrained_prior
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

COLUMNS = ("image", "regions", "landmarks")
LINES = (1.0, 2.8)  # pixels of doodles' lines


@dataclass(frozen=True)
class Sketch2Face(Recipe):
    """Hyper-parameters, all ours. The face generator, frozen, is that of the recipe ``eigengan``. There are no cycles: doodles
    are abstracted from faces, and so have a truth."""

    name: str = field(default="sketch2face", init=False, repr=False)
    anew: ClassVar[frozenset[str]] = frozenset({"prior"})
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": SIDE,
        "train_batch_size": 32,
        "ema_decay": 0.995,
        "num_validation_images": 229,
    }
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"glasses": (0, 1), "beard": (0, 1)}

    network_options: str = "{}"  # JSON object of the network's constructor arguments
    prior: str | None = None  # folder of the eigenfaces; without, those of the package
    glasses: float = 0.12  # share of samples that get them, on the face and in the doodle
    beard: float = 0.12
    learning_rate: float = 1e-3

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        prior = read_prior(self.prior)
        options = (self.network_options, "network_options")
        given = {"components": prior.variances.numel(), "resolution": resolution}
        return {"encoder": from_options(DoodleEncoder, *options, **given), "prior": prior}

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        side = read_prior(self.prior).resolution
        make = partial(doodled, side=side, resolution=resolution, seed=seed, worn_shares=(self.glasses, self.beard))
        loading = {"streaming": sources.streaming, "weights": sources.weights, "decode": decode_face}
        return samples_of(sources["faces"], split, make, seed, COLUMNS, **loading)

    def release(self) -> tuple[str, ...]:
        return ("encoder",)

    def averaged(self) -> tuple[str, ...]:
        return ("encoder",)

    def updates(self) -> list[Update]:
        how = Optimizer(self.learning_rate, betas=(0.9, 0.99))
        return [Update("encoder", ("encoder",), self.encoder_turn, how)]

    def encoder_turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Squared errors of codes, each as far as it changes the picture."""
        errors = networks["encoder"](batch["doodle"]).float() - networks["prior"].codes(batch["image"])
        networks["encoder"].remember(errors.detach())
        return {"codes": (errors.square() * shares(networks)).sum(1).mean()}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        encoder, prior = networks["encoder"], networks["prior"]
        chance = torch.Generator().manual_seed(0)
        rows = {"doodle": 1 - 2 * batch["doodle"].expand(-1, 3, -1, -1), "face": batch["image"]}
        rows["likeliest"] = prior.pictures(encoder(batch["doodle"]))
        rows |= {f"draw {n}": prior.pictures(encoder.draw(batch["doodle"], 0.7, chance)) for n in (1, 2)}
        side = batch["doodle"].shape[-1]
        return {name: F.interpolate(x.float().clamp(-1, 1), (side, side), mode="bilinear") for name, x in rows.items()}

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per doodle: error of its codes, where 1 is that of the mean face."""
        prior = networks["prior"]
        truth = prior.codes(batch["image"])
        share = shares(networks)
        error = (networks["encoder"](batch["doodle"]).float() - truth).square() * share
        variances = prior.variances.float()
        usual = (share * (variances / (variances + prior.noise)).square()).sum()
        return {"unexplained": error.sum(1) / usual}

    def card(self) -> Card:
        return Card(
            title="the face that a doodle means",
            task="image-feature-extraction",
            tags=("sketch2face", "doodle", "faces"),
            about="Doodles to codes of eigenfaces, and what else they may mean; a generator makes photographs of those. After "
            "sketch2face (Lüken-Winkels & Häcker 2020), whose best approach translated between latent spaces alone.",
            usage=USAGE,
            sheet="Doodles of held-out faces, those faces, the likeliest codes, and draws, as eigenfaces",
            limits="- It tells a smile, a head's shape, hair's length and outline, glasses and beards, and little else.\n"
            "- Whoever is drawn, the face is nobody's.",
            ethics="A face made of a doodle is of nobody, yet may resemble somebody: it is no evidence of how a person looks.",
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Sketch2Face", dict[str, Any]]:
        """With eigenfaces of noise."""
        return cls('{"widths": [8, 8], "neck": 4}', save_untrained_prior(folder / "prior")), {"resolution": 32}


def shares(networks: Networks) -> Tensor:
    """How much each code counts: as its part of the deviation of pictures (components,)."""
    deviations = networks["prior"].variances.float().sqrt()
    return deviations / deviations.sum()


def doodled(
    row: dict, n: int, other=None, *, side: int, resolution: int, seed: int, worn_shares: tuple[float, float]
) -> Sample:
    """The n-th "doodle" (1, resolution, resolution), lines 1 on 0, and its face "image" (3, side, side) in the FFHQ frame.

    In training half of them are mirrored. A face without landmarks has an empty doodle.
    """
    rng = np.random.default_rng((seed, 11, n))
    points, picture, regions = row["landmarks"], row["image"], row["regions"]
    empty = {"doodle": torch.zeros(1, resolution, resolution), "image": torch.zeros(3, side, side)}
    if not len(points):
        return empty
    glasses, beard = (rng.random() < share for share in worn_shares)
    for wears, put_on in ((glasses, worn.glasses), (beard, worn.beard)):
        picture = put_on(worn.Face(picture, points, regions, rng)).image if wears else picture
    lines = render(doodle(measure(points, regions), rng, glasses, beard), rng.uniform(*LINES) * resolution / SIDE, resolution)
    face = cut_frame(picture, ffhq_frame(points), side)
    if other is not None and rng.random() < 0.5:
        lines, face = lines[:, ::-1], face[:, ::-1]
    return {
        "doodle": torch.from_numpy(np.ascontiguousarray(lines[None], np.float32) / 255),
        "image": torch.from_numpy(np.ascontiguousarray(face.transpose(2, 0, 1), np.float32) / 127.5 - 1),
    }


USAGE = """```python
from scfegan_hf import FaceFromDoodle

FaceFromDoodle.from_pretrained("{repository}")("doodle.png", seed=1).save("face.png")
```"""

RECIPE = Sketch2Face
