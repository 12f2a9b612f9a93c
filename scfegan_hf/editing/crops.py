"""From a crop of the photograph to the network's square: how large it is, its layers made small, nothing erased among them."""

import numpy as np

CLOSEST = 1.4  # hole sizes that a crop has at least


def context_of(box: tuple[int, int, int, int], frame: np.ndarray | None, wanted: float) -> float:
    """Side of the crop around ``box`` (x0, y0, x1, y1) in sizes of that: as ``wanted``, but no more than the FFHQ ``frame``
    (4, 2) of the face that it lies in, which is what training had."""
    if frame is None:
        return wanted
    side = float(np.hypot(*(frame[3] - frame[0])))
    return min(wanted, max(side / max(box[2] - box[0], box[3] - box[1]), CLOSEST))


def shrink(rgb, hole, lines, paint, painted, work: int) -> tuple[np.ndarray, ...]:
    """The crop's layers as squares of ``work`` pixels; a crop cut by the photograph's border is mirrored to a square."""
    import cv2

    from scfegan_hf.data.pictures import resize_lines
    from scfegan_hf.editing.seam import without_erased

    height, width = rgb.shape[:2]
    side = max(height, width)

    def square(layer: np.ndarray) -> np.ndarray:
        layer = layer.astype(np.uint8) if layer.dtype == bool else layer
        return cv2.copyMakeBorder(layer, 0, side - height, 0, side - width, cv2.BORDER_REFLECT)

    target = (work, work)
    if side < work:  # enlarged, an erased pixel would run into the known ones around it
        rgb = without_erased(rgb, hole)
    rgb = cv2.resize(square(rgb), target, interpolation=cv2.INTER_AREA if side > work else cv2.INTER_CUBIC)
    # Every pixel that the hole touches is erased, so that nothing of what was there shines through.
    hole = resize_lines(square(hole), target)
    lines, painted_marks = resize_lines(square(lines), target), square(painted)
    weight = cv2.resize(painted_marks.astype(np.float32), target, interpolation=cv2.INTER_AREA)
    paint = square(paint)
    paint = cv2.copyTo(paint, painted_marks, np.zeros_like(paint)).astype(np.float32)
    paint = cv2.resize(paint, target, interpolation=cv2.INTER_AREA)
    paint = np.round(paint / np.maximum(weight, 1e-6)[..., None]).clip(0, 255).astype(np.uint8)
    return rgb, hole, lines, paint, (weight > 0.25).astype(np.uint8)
