"""What an edit is compared with: inpainting that takes no drawing, and plain spreading of the painted colours.

Each is an `Edit`: (task, given drawing, seed) to uint8 RGB of the photograph's size, equal to it outside the hole.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from scfegan_hf.conditioning import fill_hole
from scfegan_hf.data.datasets import to_tensors
from scfegan_hf.evaluation.tasks import Drawing, EditTask

Edit = Callable[[EditTask, Drawing, int], np.ndarray]
INPAINT_RADIUS = 3  # pixels, the size of OpenCV's own example


@dataclass(frozen=True)
class Method:
    """An edit, what of a drawing it heeds ("sketch", "color"), and whether its seed changes anything."""

    edit: Edit
    heeds: frozenset[str] = frozenset()
    seeded: bool = False


def photograph(task: EditTask, given: Drawing, seed: int) -> np.ndarray:
    """Not an edit at all: shows what each figure is where everything is right, or the drawing is not followed."""
    return task.photo


def telea(task: EditTask, given: Drawing, seed: int) -> np.ndarray:
    """OpenCV's inpainting by fast marching (Telea 2004)."""
    return cv2.inpaint(task.photo, task.mask.astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_TELEA)


def navier_stokes(task: EditTask, given: Drawing, seed: int) -> np.ndarray:
    """OpenCV's inpainting by fluid dynamics (Bertalmio et al. 2001)."""
    return cv2.inpaint(task.photo, task.mask.astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_NS)


def fill_alone(task: EditTask, given: Drawing, seed: int) -> np.ndarray:
    """What the network starts from (conditioning.fill_hole with walls), which it must improve on."""
    return _filled(task.photo, task.mask, given, "walls")


def poisson_paste(task: EditTask, given: Drawing, seed: int) -> np.ndarray:
    """A map of the nearest painted colours, pasted into the photograph by Poisson's equation (Pérez et al. 2003).

    Solved as the map plus a membrane through its misfit at the border. Without colours the map is flat.
    """
    painted = given.painted & task.mask
    pasted = np.zeros(task.photo.shape, np.float32)
    if painted.any():
        _, nearest = cv2.distanceTransformWithLabels(
            (~painted).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        colors = np.zeros((nearest.max() + 1, 3), np.float32)
        colors[nearest[painted]] = given.color[..., :3][painted]
        pasted = cv2.GaussianBlur(colors[nearest], (0, 0), 2)  # a brush has no edge of one pixel
    misfit = torch.from_numpy((task.photo - pasted).transpose(2, 0, 1)[None]) / 127.5
    mask = torch.from_numpy(task.mask[None, None].astype(np.float32))
    nothing = torch.zeros_like(mask)
    membrane = fill_hole(misfit, mask, nothing, torch.zeros_like(misfit), nothing, "walls")[0].permute(1, 2, 0).numpy()
    return _pasted(task, pasted + membrane * 127.5)


def _filled(photo: np.ndarray, mask: np.ndarray, given: Drawing, fill: str) -> np.ndarray:
    arrays = to_tensors(
        photo, mask.astype(np.uint8), given.sketch.astype(np.uint8), given.color[..., :3], given.painted.astype(np.uint8)
    )
    tensors = [arrays[name][None] for name in ("image", "mask", "sketch", "color", "color_mask")]
    filled = (fill_hole(*tensors, fill)[0].permute(1, 2, 0).numpy() + 1) * 127.5
    return _into(photo, mask, filled)


def _pasted(task: EditTask, answer: np.ndarray) -> np.ndarray:
    return _into(task.photo, task.mask, answer)


def _into(photo: np.ndarray, mask: np.ndarray, answer: np.ndarray) -> np.ndarray:
    return np.where(mask[..., None], np.round(answer.clip(0, 255)), photo).astype(np.uint8)


def of_pipeline(pipe) -> Method:
    """A FaceEditPipeline."""

    def edit(task: EditTask, given: Drawing, seed: int) -> np.ndarray:
        return np.asarray(pipe(task.photo, task.mask, given.sketch, given.color, seed=seed).image)

    return Method(edit, frozenset({"sketch", "color"}), seeded=True)


BASELINES = {
    "fill alone": Method(fill_alone, frozenset({"sketch", "color"})),
    "Poisson paste": Method(poisson_paste, frozenset({"color"})),
    "Telea": Method(telea),
    "Navier-Stokes": Method(navier_stokes),
    "the photograph": Method(photograph),
}
