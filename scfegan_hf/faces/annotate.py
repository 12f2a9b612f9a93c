"""FaceAnnotator: edges, regions and landmarks of photographs by the small network that the package carries.

It serves alignment, tracing, masks of parts of a face, and the preparation of training data. Photographs are uint8 RGB
HxWx3 arrays; points are x, y in pixels.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch

from scfegan_hf.faces.align import cut_frame, ffhq_frame, frame_of_five
from scfegan_hf.faces.clicks import part_at, with_beyond
from scfegan_hf.faces.detect import detect_faces
from scfegan_hf.models.annotator import Annotator, positions

BUNDLED_ANNOTATOR = Path(__file__).parents[1] / "weights" / "annotator"
# Side of the squares that faces are looked at in: what the network was trained at.
FACE_SIDE = 256
# Borders of regions are drawn at this many times that resolution.
FINER = 2
# Edges beyond this side are pores and cloth, and cost time.
EDGE_SIDE = 512
# A face is there if its landmarks' heat maps peak this high on average, in a square where it fills the frame as usual.
MIN_PEAK = 0.04
# What goes on beyond a face's frame, hair and neck and clothes, is looked for in one that is larger by this.
WIDE = 2.0


@dataclass(frozen=True)
class Annotation:
    """edges float32 (H, W) in [0, 1]; regions uint8 (H, W), labels of REGIONS; landmarks float32 (98, 2) of the largest
    face in the WFLW order, or (0, 2) if none was found."""

    edges: np.ndarray
    regions: np.ndarray
    landmarks: np.ndarray


class FaceAnnotator:
    """Looks at photographs with an `Annotator`."""

    def __init__(self, network: Annotator, device: str | torch.device = "cpu"):
        self.device = torch.device(device)
        self.network = network.to(self.device, memory_format=torch.channels_last).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(cls, path_or_repo_id: str | Path | None = None, device: str | torch.device = "cpu") -> "FaceAnnotator":
        """From a folder or Hub repository, or (None) the one that the package carries."""
        return cls(Annotator.from_pretrained(path_or_repo_id or BUNDLED_ANNOTATOR), device)

    def __call__(self, photo: np.ndarray) -> Annotation:
        """Everything about the largest face and its surroundings."""
        frames = self.find_faces(photo)
        if not frames:
            height, width = photo.shape[:2]
            return Annotation(self.edges(photo), np.zeros((height, width), np.uint8), np.zeros((0, 2), np.float32))
        regions, points = self.face(photo, frames[0])
        return Annotation(self.edges(photo), regions, points)

    def find_faces(self, photo: np.ndarray) -> list[np.ndarray]:
        """Frames aligned as FFHQ (4, 2), the largest face's first: corners top left, bottom left, bottom right, top right.

        The detector proposes and the network looks closely; where it sees no landmarks clearly, as in small faces, the
        detector's own points count. Where nothing is proposed, the network looks at the whole photograph.
        """
        frames = [self._refined(photo, rough) for rough in self._rough_frames(photo)]
        return sorted(frames, key=lambda frame: -_side(frame))

    def _rough_frames(self, photo: np.ndarray) -> list[np.ndarray]:
        """Frames by the detector's points, the largest face's first, or by a look at the whole photograph."""
        frames = [frame_of_five(face.points) for face in detect_faces(photo)]
        if not frames:
            whole = self._align(photo, _square_of(photo))
            frames = [] if whole is None else [whole]
        return frames

    def _refined(self, photo: np.ndarray, rough: np.ndarray) -> np.ndarray:
        aligned = self._align(photo, rough)
        return rough if aligned is None or not _alike(aligned, rough) else aligned

    def face(self, photo: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Regions uint8 (H, W) of the photograph, background outside the frame, and the 98 landmarks in its pixels."""
        square, back = _cut(photo, frame)
        labels, points, _ = self._look(square)
        height, width = photo.shape[:2]
        # Pixel centres of the finer labels: (i + 0.5) / FINER - 0.5 in the square.
        finer = np.column_stack([back[:, :2] / FINER, back[:, 2] + back[:, :2] @ np.full(2, 0.5 / FINER - 0.5)])
        regions = cv2.warpAffine(labels, finer, (width, height), flags=cv2.INTER_NEAREST)
        return regions, points @ back[:, :2].T.astype(np.float32) + back[:, 2].astype(np.float32)

    def labels(self, square: np.ndarray) -> np.ndarray:
        """Regions uint8 (S, S), labels of REGIONS, of a square whose side the network's stride divides, face or no face."""
        return self._run(square).regions[0].argmax(0).to(torch.uint8).cpu().numpy()

    def edges(self, photo: np.ndarray) -> np.ndarray:
        """Soft edges of the whole photograph, float32 (H, W) in [0, 1], found at no more than EDGE_SIDE pixels a side."""
        height, width = photo.shape[:2]
        scale = min(1.0, EDGE_SIDE / max(height, width))
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else photo
        rows, cols = small.shape[:2]
        stride = self.network.stride
        padded = cv2.copyMakeBorder(small, 0, -rows % stride, 0, -cols % stride, cv2.BORDER_REFLECT_101)
        logits = self._run(padded).edges[0, 0, :rows, :cols]
        answer = logits.float().sigmoid().cpu().numpy()
        return cv2.resize(answer, (width, height), interpolation=cv2.INTER_LINEAR) if scale < 1 else answer

    def part(self, photo: np.ndarray, x: int, y: int) -> tuple[str, np.ndarray]:
        """The part of a face at a pixel: its name (of clicks.PARTS) and its mask with some air around it, uint8 (H, W) 0/1.

        Of several faces the one nearest to the pixel is meant. Raises ValueError where no face is found or none is near, and
        for a pixel outside the photograph.
        """
        height, width = photo.shape[:2]
        if not (0 <= x < width and 0 <= y < height):
            raise ValueError(f"({x}, {y}) lies outside the photograph of {width} x {height} pixels.")
        frames = self._rough_frames(photo)  # in a group only the one that is meant is looked at closely
        if not frames:
            raise ValueError("No face was found. Draw the mask by hand.")
        distances = [_distance(corners, x, y) for corners in frames]
        # What belongs to a face lies in its frame; the background of the only one reaches further.
        if min(distances) > (1.25 if len(frames) == 1 else 0.5):
            raise ValueError(f"There is no face there, at ({x}, {y}). Click on a face, or draw the mask by hand.")
        frame = self._refined(photo, frames[int(np.argmin(distances))])
        regions, points = self.face(photo, frame)
        return part_at(self._beyond(photo, frame, regions, points), points, x, y)

    def _beyond(self, photo: np.ndarray, frame: np.ndarray, regions: np.ndarray, points: np.ndarray) -> np.ndarray:
        """A face's regions, gone on with outside its frame, whose border would else cut hair and necks straight."""
        middle = frame.mean(0)
        inside = np.zeros_like(regions)
        cv2.fillPoly(inside, [np.round(middle + 0.98 * (frame - middle)).astype(np.int32)], 1)
        wide, _ = self.face(photo, (middle + WIDE * (frame - middle)).astype(np.float32))
        return with_beyond(regions, wide, inside > 0, points)

    def _align(self, photo: np.ndarray, frame: np.ndarray) -> np.ndarray | None:
        """The aligned frame of the face in a rough one, looked at twice; None if there is no face."""
        for _ in range(2):
            square, back = _cut(photo, frame)
            _, points, peak = self._look(square)
            frame = ffhq_frame(points @ back[:, :2].T.astype(np.float32) + back[:, 2].astype(np.float32))
            if not 16 < np.hypot(*(frame[3] - frame[0])) < 8 * max(photo.shape[:2]):
                return None
        return frame if peak >= MIN_PEAK else None

    def _look(self, square: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Labels, points in pixels of the square, and how sharply the landmarks are seen."""
        answer = self._run(square)
        points, peaks = positions(answer.heat)
        finer = torch.nn.functional.interpolate(answer.regions, scale_factor=FINER, mode="bilinear")
        labels = finer[0].argmax(0).to(torch.uint8).cpu().numpy()
        return labels, points[0].cpu().numpy() * square.shape[0], peaks.mean().item()

    @torch.inference_mode()
    def _run(self, picture: np.ndarray):
        batch = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)
        return self.network(batch.to(self.device, memory_format=torch.channels_last))


@cache
def bundled() -> FaceAnnotator:
    """The annotator that the package carries, loaded once a process."""
    return FaceAnnotator.from_pretrained()


def _side(frame: np.ndarray) -> float:
    return float(np.hypot(*(frame[3] - frame[0])))


def _distance(frame: np.ndarray, x: float, y: float) -> float:
    """How far a pixel is from a frame's middle along its sides, in sides: up to a half lies within."""
    across, down = (frame[3] - frame[0]) / _side(frame), (frame[1] - frame[0]) / _side(frame)
    away = np.array([x, y], np.float32) - frame.mean(0)
    return float(max(abs(away @ across), abs(away @ down)) / _side(frame))


def _alike(frame: np.ndarray, other: np.ndarray) -> bool:
    """Whether two frames may mean the same face: of like size, in like places, the same way up."""
    apart = np.hypot(*(frame - other).T).max() / _side(other)
    return bool(apart < 0.5 and 0.6 < _side(frame) / _side(other) < 1.6)


def _square_of(photo: np.ndarray) -> np.ndarray:
    """The frame of the smallest square around a photograph."""
    height, width = photo.shape[:2]
    side = max(height, width)
    x, y = (width - side) / 2, (height - side) / 2
    return np.array([[x, y], [x, y + side], [x + side, y + side], [x + side, y]], np.float32)


def _cut(photo: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frame's square of FACE_SIDE pixels, and the matrix (2, 3) from its pixels back to the photograph's."""
    corners = np.array([[0, 0], [0, FACE_SIDE], [FACE_SIDE, FACE_SIDE]], np.float32)
    return cut_frame(photo, frame, FACE_SIDE), cv2.getAffineTransform(corners, frame[:3].astype(np.float32))
