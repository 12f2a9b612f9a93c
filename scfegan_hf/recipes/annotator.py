"""The annotator: edges, regions and landmarks of faces, distilled from the networks that prepared the data."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from scfegan_hf.data.samples import samples_of
from scfegan_hf.faces.landmarks import LEFT_EYE, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.faces.samples import COLUMNS, make_annotated
from scfegan_hf.losses.annotation import edge_loss, heat_loss, point_loss, region_loss
from scfegan_hf.models.annotator import Annotator, positions
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

# Small regions count more, about as the inverse root of their share of a face.
REGION_WEIGHTS = {"brows": 3.0, "eyes": 4.0, "iris": 4.0, "nose": 1.5, "lips": 3.0, "mouth": 4.0, "ears": 3.0}


@dataclass(frozen=True)
class AnnotatorRecipe(Recipe):
    """Hyper-parameters of the annotator; all ours."""

    name: str = field(default="annotator", init=False, repr=False)
    loading: ClassVar[frozenset[str]] = frozenset({"streaming", "weights"})

    annotator_options: str = "{}"  # JSON object of constructor arguments
    edge_weight: float = 2.0
    region_weight: float = 1.0
    heat_weight: float = 0.3
    point_weight: float = 20.0  # a hundredth of the frame counts as much as a fifth of a nat
    learning_rate: float = 2e-3

    def networks(self, resolution: int = 256) -> dict[str, nn.Module]:
        regions = len(REGIONS)
        return {"annotator": from_options(Annotator, self.annotator_options, "annotator_options", regions=regions)}

    def roles(self) -> dict[str, Role]:
        return {"faces": Role(COLUMNS, "faces that `scfegan prepare` prepared by the teachers' networks")}

    def dataset(self, sources: Sources, split: str, resolution: int, seed: int) -> Dataset:
        if resolution % 32:
            raise ValueError(f"--resolution must be divisible by 32, not {resolution}.")
        make = partial(make_annotated, resolution=resolution, seed=seed)
        loading = {"streaming": sources.streaming, "weights": sources.weights, "decode": decode_face}
        return samples_of(sources["faces"], split, make, seed, COLUMNS, **loading)

    def release(self) -> tuple[str, ...]:
        return ("annotator",)

    def updates(self) -> list[Update]:
        return [Update("annotator", ("annotator",), self.turn, Optimizer(self.learning_rate, betas=(0.9, 0.99)))]

    def turn(self, networks: Networks, batch: Batch, shared: Shared) -> Losses:
        answer = networks["annotator"](batch["image"])
        weights = torch.tensor([REGION_WEIGHTS.get(name, 1.0) for name in REGIONS], device=batch["image"].device)
        points, _ = positions(answer.heat)
        return {
            "edges": self.edge_weight * edge_loss(answer.edges, batch["edges"]),
            "regions": self.region_weight * region_loss(answer.regions, batch["regions"], batch["known"], weights),
            "heat": self.heat_weight * heat_loss(answer.heat, batch["points"], batch["inside"]),
            "points": self.point_weight * point_loss(points, batch["points"], batch["inside"]),
        }

    def card(self) -> Card:
        return Card(
            title="edges, regions and landmarks of faces",
            task="image-segmentation",
            tags=("faces", "edge-detection", "landmarks"),
            about="One network that says where the edges, the regions and the 98 landmarks of a face are, distilled from the "
            "three networks that prepared its data.",
            usage=USAGE,
            sheet="Held-out photographs with landmarks, edges and regions, the teachers' and its own",
            limits="- It knows its teachers' answers, mistakes included, and the faces of its data.\n"
            "- It wants a face that fills a good part of the square.",
            ethics="Landmarks and regions say nothing about who somebody is or what they feel; do not use them to guess it.",
        )

    @classmethod
    def tiny(cls, folder: Path) -> tuple["AnnotatorRecipe", dict[str, Any]]:
        return cls(annotator_options='{"widths": [4, 4, 4, 4, 4]}'), {"resolution": 128}

    @torch.no_grad()
    def sample(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        answer = networks["annotator"](batch["image"])
        points, _ = positions(answer.heat)
        return {
            "photograph and landmarks": marked(batch["image"], points),
            "teacher's edges": 1 - 2 * batch["edges"].expand(-1, 3, -1, -1),
            "edges": 1 - 2 * answer.edges.float().sigmoid().expand(-1, 3, -1, -1),
            "teacher's regions": painted(batch["regions"]),
            "regions": painted(answer.regions.argmax(1)),
        }

    @torch.no_grad()
    def metrics(self, networks: Networks, batch: Batch) -> dict[str, Tensor]:
        """Per sample: landmark error in percent of the distance between the eyes, region agreement, edge error."""
        answer = networks["annotator"](batch["image"])
        points, _ = positions(answer.heat)
        truth, inside = batch["points"], batch["inside"]
        apart = (truth[:, LEFT_EYE].mean(1) - truth[:, RIGHT_EYE].mean(1)).norm(dim=1).clamp_min(1e-6)
        away = ((points - truth).norm(dim=2) * inside).sum(1) / inside.sum(1).clamp_min(1)
        agree = (answer.regions.argmax(1) == batch["regions"]).float() * batch["known"]
        return {
            "landmark_error": 100 * away / apart,
            "region_agreement": agree.mean((1, 2)) / batch["known"].mean((1, 2)).clamp_min(1e-6),
            "edge_error": (answer.edges.float().sigmoid() - batch["edges"]).abs().mean((1, 2, 3)),
        }


def painted(labels: Tensor) -> Tensor:
    """Labels (N, H, W) as colours (N, 3, H, W) in [-1, 1]."""
    generator = torch.Generator().manual_seed(3)
    palette = torch.rand(len(REGIONS), 3, generator=generator).to(labels.device) * 2 - 1
    return palette[labels].permute(0, 3, 1, 2)


def marked(image: Tensor, points: Tensor) -> Tensor:
    """The pictures with a green dot at each point."""
    image = image.clone()
    height, width = image.shape[-2:]
    green = image.new_tensor([-1.0, 1.0, -1.0])
    for number, own in enumerate(points):
        column = (own[:, 0] * width).long().clamp(0, width - 1)
        row = (own[:, 1] * height).long().clamp(0, height - 1)
        image[number][:, row, column] = green[:, None]
    return image


USAGE = """```python
from scfegan_hf.models.annotator import Annotator, positions

annotator = Annotator.from_pretrained("{repository}")
answer = annotator(pictures)  # (N, 3, H, W) in [-1, 1], sides divisible by 32
edges, regions, (points, _) = answer.edges.sigmoid(), answer.regions.argmax(1), positions(answer.heat)
```"""

RECIPE = AnnotatorRecipe
