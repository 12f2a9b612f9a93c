"""What an edit is compared with: inpainting that takes no drawing, and plain spreading of the painted colours.

Each is an `Edit`: (task, given drawing, seed) to uint8 RGB of the photograph's size, equal to it outside the hole.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from scfegan_hf.conditioning import fill_hole
from scfegan_hf.data.pictures import bounds
from scfegan_hf.editing.benchmark.tasks import Drawing, EditTask

Edit = Callable[[EditTask, Drawing, int], np.ndarray]
INPAINT_RADIUS = 3  # pixels, the size of OpenCV's own example


@dataclass(frozen=True)
class Method:
    """An edit, what of a drawing it heeds ("sketch", "color"), and whether its seed changes anything."""

    edit: Edit
    heeds: frozenset[str] = frozenset()
    seeded: bool = False


def photograph(task: EditTask, drawing: Drawing, seed: int) -> np.ndarray:
    """Not an edit at all: shows what each figure is where everything is right, or the drawing is not followed."""
    return task.photo


def telea(task: EditTask, drawing: Drawing, seed: int) -> np.ndarray:
    """OpenCV's inpainting by fast marching (Telea 2004)."""
    return cv2.inpaint(task.photo, task.mask.astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_TELEA)


def navier_stokes(task: EditTask, drawing: Drawing, seed: int) -> np.ndarray:
    """OpenCV's inpainting by fluid dynamics (Bertalmio et al. 2001)."""
    return cv2.inpaint(task.photo, task.mask.astype(np.uint8), INPAINT_RADIUS, cv2.INPAINT_NS)


def fill_alone(task: EditTask, drawing: Drawing, seed: int) -> np.ndarray:
    """What the network starts from (conditioning.fill_hole with walls), which it must improve on."""
    window = _window(task.mask)
    photo, mask = task.photo[window].astype(np.float32) / 127.5 - 1, task.mask[window]
    color = drawing.color[window][..., :3].astype(np.float32) / 127.5 - 1
    return _pasted(task, window, (_flow(photo, mask, drawing.sketch[window], color, drawing.painted[window]) + 1) * 127.5)


def poisson_paste(task: EditTask, drawing: Drawing, seed: int) -> np.ndarray:
    """A map of the nearest painted colours, pasted into the photograph by Poisson's equation (Pérez et al. 2003).

    Solved as the map plus a membrane through its misfit at the border. Without colours the map is flat.
    """
    window = _window(task.mask)
    photo, mask = task.photo[window], task.mask[window]
    painted, color = drawing.painted[window] & mask, drawing.color[window][..., :3]
    pasted = np.zeros(photo.shape, np.float32)
    if painted.any():
        _, nearest = cv2.distanceTransformWithLabels(
            (~painted).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
        )
        colors = np.zeros((nearest.max() + 1, 3), np.float32)
        colors[nearest[painted]] = color[painted]
        pasted = cv2.GaussianBlur(colors[nearest], (0, 0), 2)  # a brush has no edge of one pixel
    nothing = np.zeros_like(mask)
    return _pasted(task, window, pasted + _flow(photo - pasted, mask, nothing, np.zeros_like(pasted), nothing))


def _window(mask: np.ndarray) -> tuple[slice, slice]:
    """The hole and a little around it: what is in a hole depends on nothing but its border."""
    x0, y0, x1, y1 = bounds(mask)
    return np.s_[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4]


def _flow(values: np.ndarray, mask: np.ndarray, sketch: np.ndarray, color: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """`fill_hole` with walls on float32 (H, W, 3) of any range, (H, W) bool for the rest; returns (H, W, 3)."""
    height, width = mask.shape

    def tensor(array: np.ndarray) -> torch.Tensor:
        array = array.astype(np.float32).reshape(height, width, -1)
        # The solver halves the sides down to its coarsest grid, so they are made multiples of 64.
        padded = np.pad(array, ((0, -height % 64), (0, -width % 64), (0, 0)), mode="edge")
        return torch.from_numpy(np.ascontiguousarray(padded.transpose(2, 0, 1)))[None]

    filled = fill_hole(*map(tensor, (values, mask, sketch, color, painted)), "walls")
    return filled[0, :, :height, :width].permute(1, 2, 0).numpy()


def _pasted(task: EditTask, window: tuple[slice, slice], answer: np.ndarray) -> np.ndarray:
    result, mask = task.photo.copy(), task.mask[window]
    result[window][mask] = np.round(answer[mask].clip(0, 255)).astype(np.uint8)
    return result


def of_pipeline(pipe, detail: bool = True, drafts: bool = False) -> Method:
    """A FaceEditPipeline, with its detail pass or without; drawings are taken to the letter, or with ``drafts`` as meant."""
    how = {"invert": False, "detail": detail}

    def edit(task: EditTask, drawing: Drawing, seed: int) -> np.ndarray:
        how["guess"] = drafts or not (drawing.sketch.any() or drawing.painted.any())
        return np.asarray(pipe(task.photo, task.mask, drawing.sketch, drawing.color, **how, seed=seed).image)

    return Method(edit, frozenset({"sketch", "color"}), seeded=True)


BASELINES = {
    "fill alone": Method(fill_alone, frozenset({"sketch", "color"})),
    "Poisson paste": Method(poisson_paste, frozenset({"color"})),
    "Telea": Method(telea),
    "Navier-Stokes": Method(navier_stokes),
    "the photograph": Method(photograph),
}
