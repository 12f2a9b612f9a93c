"""Which holes of a photograph are edited together."""

import numpy as np

# More parts than this are specks, and edited in clusters.
MAX_PARTS = 32


def hole_groups(hole: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Boxes (x0, y0, x1, y1) of holes to edit together: parts near each other share one, parts far apart do not."""
    import cv2

    from scfegan_hf.data.pictures import bounds, resize_lines

    height, width = hole.shape
    scale = max(1.0, max(height, width) / 512)  # which parts are near each other shows at this size too
    small = resize_lines(hole.astype(np.uint8), (max(round(width / scale), 1), max(round(height / scale), 1)))
    count, _, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8)
    if count - 1 > MAX_PARTS:
        return _clusters(hole, small, scale)
    margin = 1 if scale > 1 else 0  # a part's border may lie a small pixel further out
    boxes = []
    for x, y, w, h, _ in stats[1:]:
        x0, y0 = int((x - margin) * scale), int((y - margin) * scale)
        x1, y1 = int(np.ceil((x + w + margin) * scale)), int(np.ceil((y + h + margin) * scale))
        boxes.append((max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)))
    merged = True
    while merged:  # boxes whose surroundings overlap are one group
        merged = False
        for i in range(len(boxes)):
            for j in range(i + 1, len(boxes)):
                if _near(boxes[i], boxes[j]):
                    a, b = boxes[i], boxes.pop(j)
                    boxes[i] = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                    merged = True
                    break
            if merged:
                break
    tight = [bounds(hole[y0:y1, x0:x1]) for x0, y0, x1, y1 in boxes]
    return [(x + a, y + b, x + c, y + d) for (x, y, _, _), (a, b, c, d) in zip(boxes, tight, strict=True)]


def _clusters(hole: np.ndarray, small: np.ndarray, scale: float) -> list[tuple[int, int, int, int]]:
    """Boxes of specks that lie close together, MAX_PARTS at most; ``small``: the hole at a ``scale``-th of its size."""
    import cv2

    from scfegan_hf.data.pictures import bounds

    reach, count = 1, MAX_PARTS + 2
    while count - 1 > MAX_PARTS:
        reach *= 2
        count, labels = cv2.connectedComponents(cv2.dilate(small, np.ones((2 * reach + 1,) * 2, np.uint8)), connectivity=8)
    boxes = []
    for label in range(1, count):
        x0, y0, x1, y1 = bounds(labels == label)
        x0, y0 = int(x0 * scale), int(y0 * scale)
        inside = hole[y0 : int(np.ceil(y1 * scale)), x0 : int(np.ceil(x1 * scale))]
        a, b, c, d = bounds(inside)
        boxes.append((x0 + a, y0 + b, x0 + c, y0 + d))
    return boxes


def _near(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    """Whether the gap between two boxes is less than the longer side of the larger one."""
    reach = max(a[2] - a[0], a[3] - a[1], b[2] - b[0], b[3] - b[1])
    return max(b[0] - a[2], a[0] - b[2]) < reach and max(b[1] - a[3], a[1] - b[3]) < reach
