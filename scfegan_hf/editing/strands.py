"""Hair where there is none to copy: noise drawn out along the flow of the answer and of the drawn lines.

After line integral convolution (Cabral & Leedom 1993), done here by steps of diffusion that double in length.
"""

import cv2
import numpy as np

from scfegan_hf.editing.octaves import blur, grey

SMOOTH, WIDE = 3.0, 10.0  # of the structure tensor, in the network's pixels; the wide one decides where nothing else does
LINES = 120.0  # what a drawn line weighs, in grey levels
LONGEST = 4.5  # last step of the diffusion, in the network's pixels
# Hair turns and clusters: waves of these widths (network's pixels) and angles (radians), and of this much in strength.
WAVES = ((8.0, 0.12), (3.0, 0.10))
CLUSTER, CLUSTERING = 5.0, 0.45


def structure(picture: np.ndarray, lines: np.ndarray, scale: float) -> np.ndarray:
    """Structure tensor of a float32 picture (H, W, 3) and drawn lines (H, W): xx, xy, yy at the network's pixel size."""
    height, width = picture.shape[:2]
    size = max(round(width / scale), 16), max(round(height / scale), 16)
    light = grey(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
    drawn = cv2.resize(lines.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    drawn = cv2.GaussianBlur(drawn, (0, 0), 1.0) * LINES
    tensor = np.zeros((*light.shape, 3), np.float32)
    for layer in (light, drawn):
        x, y = (cv2.Sobel(layer, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
        tensor += np.dstack([x * x, x * y, y * y])
    return cv2.GaussianBlur(tensor, (0, 0), SMOOTH)


def coherence(tensor: np.ndarray) -> np.ndarray:
    """How much one direction outweighs the other, 0 to 1: (H, W)."""
    xx, xy, yy = cv2.split(tensor)
    return np.hypot(xx - yy, 2 * xy) / (xx + yy + 1.0)


def flow(tensor: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along what the tensor shows, x and y, each float32 of ``size`` (height, width)."""
    tensor = tensor + 0.3 * cv2.GaussianBlur(tensor, (0, 0), WIDE)
    xx, xy, yy = cv2.split(tensor)
    double = np.arctan2(2 * xy, xx - yy) + np.pi  # twice the angle along the strands
    turned = (cv2.GaussianBlur(part(double), (0, 0), 1.5) for part in (np.cos, np.sin))
    cosine, sine = (cv2.resize(part, size[::-1], interpolation=cv2.INTER_LINEAR) for part in turned)
    angle = 0.5 * np.arctan2(sine, cosine)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def strands(along_x: np.ndarray, along_y: np.ndarray, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Streaks along a `flow`, float32 (H, W) around 0."""
    height, width = along_x.shape

    def waves(side: float) -> np.ndarray:
        small = rng.standard_normal((int(height / side) + 2, int(width / side) + 2)).astype(np.float32)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)

    turn = sum(angle * waves(side * scale) for side, angle in WAVES)
    cosine, sine = np.cos(turn), np.sin(turn)
    along_x, along_y = along_x * cosine - along_y * sine, along_x * sine + along_y * cosine
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    streaks, step = rng.standard_normal((height, width)).astype(np.float32), 1.0
    while step <= LONGEST * max(scale, 1.5):
        for _ in range(2):
            ahead, behind = (
                cv2.remap(streaks, x + d * along_x, y + d * along_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
                for d in (step, -step)
            )
            streaks = 0.5 * streaks + 0.25 * (ahead + behind)
        step *= 1.8
    streaks *= np.exp(CLUSTERING * waves(CLUSTER * scale))
    return streaks - blur(streaks, 8 * scale)
