"""What a hasty drawing on a photograph of a face means, as a coarse picture: eigenfaces (Turk & Pentland 1991) guess, a network
corrects the guess by what is drawn, and the generator of the recipe ``eigengan`` makes a photograph of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from scfegan_hf.data.rows import COLUMNS
from scfegan_hf.data.samples import Other, Sample, samples_of
from scfegan_hf.editing.drawn.drafts import SCALE, make_draft
from scfegan_hf.editing.drawn.samples import Holes
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.models.face_drafter import FINE, FaceDrafter
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

NAMES = ("guess", "mask", "color", "dabbed", "sketch")


@dataclass(frozen=True)
class Drafter(Recipe):
    """Hyper-parameters, all ours."""

    name: str = field(default="drafter", init=False, repr=False)
    anew: ClassVar[frozenset[str]] = frozenset({"prior"})
    training: ClassVar[Mapping[str, Any]] = {
        "resolution": 256,
        "train_batch_size": 32,
        "ema_decay": 0.995,
        "num_validation_images": 229,
    }
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"feature_holes": (0, 1), "transplants": (0, 1), "worn": (0, 1)}

    network_options: str = "{}"  # JSON object of the network's constructor arguments
    prior: str | None = None  # folder of the eigenfaces; without, those of the package
    pixel: float = 4.0  # weight of the mean absolute error in the hole
    coarse: float = 4.0  # weight of the same of what eigenfaces hold of it
    feature_holes: float = 0.8  # share of training's holes that lie over an eye, the mouth or the like
    transplants: float = 0.4  # share of those for which another face's feature becomes the truth
    worn: float = 0.2  # share of samples that get glasses, an earring or a beard
    learning_rate: float = 1e-3

    def networks(self, resolution: int) -> dict[str, nn.Module]:
        prior = read_prior(self.prior)
        if resolution != SCALE * prior.resolution:
            raise ValueError(f"--resolution must be {SCALE} times the eigenfaces' {prior.resolution}, not {resolution}.")
        return {"drafter": from_options(FaceDrafter, self.network_options, "network_options"), "prior": prior}

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        holes = Holes(self.feature_holes, self.transplants, self.worn)
        holes.shares()
        make = partial(guessed_draft, side=resolution // SCALE, seed=seed, prior=self.prior, holes=holes)
        loading = {"streaming": sources.streaming, "weights": sources.weights, "decode": decode_face}
        return samples_of(sources["faces"], split, make, seed, COLUMNS, **loading)

    def release(self) -> tuple[str, ...]:
        return ("drafter",)

    def updates(self) -> list[Update]:
        return [Update("drafter", ("drafter",), self.turn, Optimizer(self.learning_rate, "muon", (0.9, 0.999)))]

    def turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        """Closeness in the hole, of pixels and of what eigenfaces hold."""
        truth, mask, prior = small(batch["image"]), batch["mask"], networks["prior"]
        made = networks["drafter"](*(batch[name] for name in NAMES)).float()
        holes = mask.sum((1, 2, 3)).clamp(min=1)
        held = prior.pictures(prior.codes(made)) - prior.pictures(prior.codes(truth))
        error, coarse = ((x.abs() * mask).sum((1, 2, 3)) / holes / 3 for x in (made - truth, held))
        return {"pixel": self.pixel * error.mean(), "coarse": self.coarse * coarse.mean()}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        prior, mask = networks["prior"], batch["mask"]
        made = networks["drafter"](*(batch[name] for name in NAMES)).float()
        dabbed = batch["dabbed"] * mask
        drawn = batch["guess"] * (1 - mask) + mask * (dabbed * batch["color"] + (1 - dabbed) * 0.2)
        lines = F.interpolate(batch["sketch"], scale_factor=SCALE // 2)
        large = partial(F.interpolate, size=batch["image"].shape[2:], mode="bilinear")
        return {
            "photograph": batch["image"],
            "drawing": (large(drawn) * (1 - lines) - lines).clamp(-1, 1),
            "guess": large(prior.pictures(prior.codes(batch["guess"]))).clamp(-1, 1),
            "draft": large(prior.pictures(prior.codes(made))).clamp(-1, 1),
        }

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per face: the mean absolute error in the hole, and that of the guess."""
        truth, mask = small(batch["image"]), batch["mask"]
        made = networks["drafter"](*(batch[name] for name in NAMES)).float()
        holes = 3 * mask.sum((1, 2, 3)).clamp(min=1)
        pairs = (("error", made), ("error_of_guess", batch["guess"]))
        return {name: ((x - truth).abs() * mask).sum((1, 2, 3)) / holes for name, x in pairs}

    def card(self) -> Card:
        return Card(
            title="what a drawing on a face means",
            task="image-to-image",
            tags=("inpainting", "sketch", "faces"),
            about="A photograph of a face with a hole, eigenfaces' guess of it (Turk & Pentland 1991) and hasty lines and dabs "
            "of colour, to a coarse picture of what they mean, of which a generator makes a photograph.",
            usage=USAGE,
            sheet="Held-out photographs, drawings in a hole, eigenfaces' guess without them, and the draft",
            limits="- Upright faces from the front, as in its data.\n- It knows glasses, earrings and beards by painted ones.",
            ethics="A photograph that was changed can mislead: say that it was, and ask the person in it.",
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["Drafter", dict[str, Any]]:
        """With eigenfaces of noise."""
        options = '{"widths": [8, 8], "encoder_blocks": [1], "decoder_blocks": [1], "dilations": [1], "attention": 0}'
        return cls(options, save_untrained_prior(folder / "prior")), {"resolution": 32 * SCALE}


def guessed_draft(row: dict, n: int, other: Other | None = None, *, prior: str | None, **how) -> Sample:
    """`make_draft`, with what eigenfaces guess in the hole as "guess"."""
    sample = make_draft(row, n, other, fine=FINE, **how)
    seen, unknown = sample.pop("seen"), sample["mask"][0] > 0
    guess = read_prior(prior).guess(seen.permute(1, 2, 0).numpy(), unknown.numpy())
    return {**sample, "guess": torch.where(unknown, torch.from_numpy(guess).permute(2, 0, 1), seen)}


def small(image: Tensor) -> Tensor:
    """Photographs (N, 3, SCALE R, SCALE R) at the drafts' size."""
    return F.avg_pool2d(image, SCALE)


USAGE = """```python
from scfegan_hf.models.face_drafter import FINE, FaceDrafter

drafter = FaceDrafter.from_pretrained("{repository}")  # `FaceEditPipeline` has the package's own
```"""

RECIPE = Drafter
