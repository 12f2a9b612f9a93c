"""Edits of held-out faces with known truth: each hole, drawing and figure, for the pipeline and for baselines.

Tasks are fixed by a seed: features, free-form strokes and hair erased from prepared validation faces, with the lines
and colours that a user would have to draw to get the photograph back.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from scfegan_hf.conditioning import fill_hole
from scfegan_hf.data import datasets, drawing, masks, strokes
from scfegan_hf.data.faces import REGIONS
from scfegan_hf.evaluation import metrics
from scfegan_hf.losses.perceptual import feature_network, perceptual_loss

KINDS = ("feature", "free_form", "hair")
HAIR = REGIONS.index("hair")
FEATURE_NAMES = ("left eye", "mouth", "nose", "both eyes", "left brow", "right jaw", "right ear")


@dataclass(frozen=True)
class EditTask:
    """One edit: arrays at the photograph's size, uint8 RGB and bool."""

    kind: str
    photo: np.ndarray
    mask: np.ndarray
    sketch: np.ndarray
    color: np.ndarray  # (H, W, 4)


def make_tasks(rows, count: int, seed: int = 0) -> list[EditTask]:
    """``count`` faces spread over ``rows``, up to three tasks each: feature (with landmarks), free-form, hair (if any)."""
    tasks = []
    count = min(count, len(rows))
    for number in range(count):
        row = datasets.decode_row(rows[number * len(rows) // count])
        has = {"feature": len(row["landmarks"]) > 0, "free_form": True, "hair": bool((row["regions"] == HAIR).any())}
        for kind in filter(has.get, KINDS):
            rng = np.random.default_rng((seed, number, KINDS.index(kind)))
            tasks.append(_task(row, kind, number, rng))
    return tasks


def groups(tasks: list[EditTask]) -> list[str]:
    """ "all" and the kinds of holes that occur."""
    return ["all", *(kind for kind in KINDS if any(task.kind == kind for task in tasks))]


def _task(row: dict[str, np.ndarray], kind: str, number: int, rng: np.random.Generator) -> EditTask:
    photo, points = row["image"], row["landmarks"]
    size = photo.shape[0]
    if kind == "feature":
        mask = masks.feature(size, points, rng, FEATURE_NAMES[number % len(FEATURE_NAMES)])
    elif kind == "hair":
        mask = masks.hair(row["regions"], rng)
    else:
        mask = masks.free_form(size, rng, drawing.eye_points(points))
    sketch = strokes.sketch_at_level(row["sketch"], strokes.SKETCH_LEVELS["medium"])
    color, painted = drawing.color_strokes(photo, row["regions"], mask, rng, count=8)
    return EditTask(kind, photo, mask > 0, sketch > 0, np.dstack([color, painted * 255]))


Edit = Callable[[EditTask], np.ndarray]


def telea(task: EditTask) -> np.ndarray:
    """OpenCV's inpainting by fast marching (Telea 2004); it takes no drawing."""
    import cv2

    return cv2.inpaint(task.photo, task.mask.astype(np.uint8), 5, cv2.INPAINT_TELEA)


def fill_alone(task: EditTask, fill: str = "walls") -> np.ndarray:
    """What the network starts from (conditioning.fill_hole), which it must improve on."""
    arrays = datasets.to_tensors(
        task.photo, task.mask.astype(np.uint8), task.sketch.astype(np.uint8), task.color[..., :3], task.color[..., 3] // 255
    )
    tensors = [arrays[name][None] for name in ("image", "mask", "sketch", "color", "color_mask")]
    filled = fill_hole(*tensors, fill)[0].permute(1, 2, 0).numpy()
    return np.where(task.mask[..., None], np.round((filled + 1) * 127.5), task.photo).astype(np.uint8)


def evaluate(edits: dict[str, Edit], tasks: list[EditTask], feature_weights: str | None = None) -> dict[str, dict[str, float]]:
    """Mean figures by edit and by kind of hole: {name: {"feature/masked_psnr": ..., "all/masked_psnr": ...}}.

    ``feature_weights``: SqueezeNet safetensors for the feature distance (relative, see losses/perceptual.py); without
    them that figure is left out.
    """
    network = feature_network("squeezenet", feature_weights) if feature_weights else None
    figures: dict[str, dict[str, list[float]]] = {name: {} for name in edits}
    for task in tasks:
        target = None if network is None else _features(network, task.photo)
        for name, edit in edits.items():
            result = edit(task)
            one = {
                "masked_psnr": metrics.masked_psnr(result, task.photo, task.mask),
                "sketch_recall": metrics.sketch_recall(result, task.sketch, task.mask),
                "color_difference": metrics.color_difference(result, task.color[..., :3], task.color[..., 3] > 0),
                "changed_outside": float((result != task.photo).any(2)[~task.mask].mean()),
            }
            if network is not None:
                one["feature_distance"] = perceptual_loss(_features(network, result), target).item()
            for figure, value in one.items():
                for group in (task.kind, "all"):
                    figures[name].setdefault(f"{group}/{figure}", []).append(value)
    return {name: {key: _mean_of_known(values) for key, values in found.items()} for name, found in figures.items()}


def _mean_of_known(values: list[float]) -> float:
    """Tasks without lines or colours have no figure for them."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


@torch.inference_mode()
def _features(network: torch.nn.Module, picture: np.ndarray) -> list[torch.Tensor]:
    return network(torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1))


def to_markdown(table: dict[str, dict[str, float]], group: str = "all") -> str:
    """The figures of one kind of hole as a table with a row for each edit."""
    figures = [key.split("/")[1] for key in next(iter(table.values())) if key.startswith(f"{group}/")]
    lines = [f"| {group} holes | " + " | ".join(figures) + " |", "|---|" + "---:|" * len(figures)]
    for name, row in table.items():
        lines.append(f"| {name} | " + " | ".join(f"{row[f'{group}/{figure}']:.3f}" for figure in figures) + " |")
    return "\n".join(lines)


def contact_sheet(tasks: list[EditTask], results: dict[str, list[np.ndarray]]) -> np.ndarray:
    """Rows of photograph, drawing and each result."""
    rows = []
    for number, task in enumerate(tasks):
        rows.append(np.hstack([task.photo, show_drawing(task), *(pictures[number] for pictures in results.values())]))
    return np.vstack(rows)


def show_drawing(task: EditTask) -> np.ndarray:
    """The photograph with the hole white, colours and lines in it."""
    shown = task.photo.copy()
    shown[task.mask] = 255
    painted = task.mask & (task.color[..., 3] > 0)
    shown[painted] = task.color[..., :3][painted]
    shown[task.mask & task.sketch] = 0
    return shown


def to_json(table: dict[str, dict[str, float]]) -> str:
    """The same figures for programs."""
    return json.dumps(table, indent=2)
