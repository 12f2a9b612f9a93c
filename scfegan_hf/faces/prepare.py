"""A photograph to what training reads of a face: `scfegan prepare PHOTOS OUT` writes rows of these (data/prepare/).

The work on one photograph is `prepare_photo`, a pure function of bytes and options.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import ClassVar, Protocol

import cv2
import numpy as np

from scfegan_hf.data.prepare import cluster, folder, local
from scfegan_hf.faces import strokes
from scfegan_hf.faces.align import cut_frame, ffhq_frame, frame_of_five
from scfegan_hf.faces.detect import Box, detect_faces, open_network
from scfegan_hf.faces.landmarks import ALIGNED_FACE_BOX, find_landmarks
from scfegan_hf.faces.regions import region_map
from scfegan_hf.formats import load, open_picture, upright

MAX_SIDE = 2**15 - 1  # OpenCV's warping counts pixels in 16 bits
MAX_PIXELS = 178_000_000  # what Pillow takes


ANNOTATOR, CANNY, NONE = "annotator", "canny", "none"


@dataclass(frozen=True)
class PrepareOptions:
    """How a photograph is prepared, and by what: "annotator", or an ONNX file's path (see docs/training.md)."""

    size: int = 512
    align: bool = True
    edges: str = CANNY  # or an annotator, or a path
    landmarks: str = NONE  # or an annotator, or a path
    regions: str = NONE  # or an annotator, or a path

    def need_annotator(self) -> bool:
        return ANNOTATOR in (self.edges, self.landmarks, self.regions)


class Annotates(Protocol):
    """What is asked of an annotator (scfegan_hf.faces.annotate.FaceAnnotator is one)."""

    def find_faces(self, photo: np.ndarray) -> list[np.ndarray]: ...

    def face(self, photo: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...

    def edges(self, photo: np.ndarray) -> np.ndarray: ...


@cache
def _network(path: str):
    return open_network(path)


def edge_function(edges: str, annotator: Annotates | None = None) -> strokes.EdgeFunction:
    """Canny, the annotator's or a learned edge network: RGB uint8 HxWx3 to float32 HxW in [0, 1]."""
    if edges == CANNY:
        return strokes.canny_edges
    if edges == ANNOTATOR:
        return annotator.edges
    network = _network(edges)

    def learned(image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        padded = np.pad(image, ((0, -height % 8), (0, -width % 8), (0, 0)), mode="edge")  # what the network asks for
        batch = padded.transpose(2, 0, 1)[None].astype(np.float32) / 255
        return network.run(None, {network.get_inputs()[0].name: batch})[0][0, 0, :height, :width]

    return learned


def prepare_photo(data: bytes, options: PrepareOptions, annotator: Annotates | None = None) -> dict | str:
    """One photograph's row, or a sentence that says why there is none.

    The row: image (JPEG, size x size), sketch (PNG of line strength), edges (PNG of the soft edges that it was thinned
    from), color (PNG of region medians), regions (PNG of labels), landmarks (196 floats as parts of the frame, empty when
    unknown). Raises ValueError if the options ask for an annotator and none is given.
    """
    if options.need_annotator() and annotator is None:
        raise ValueError('The options name "annotator"; hand one over.')
    try:
        with open_picture(data, max_pixels=MAX_PIXELS) as opened:
            photo = np.asarray(upright(load(opened)).convert("RGB"))
    except ValueError as error:
        return f"not a readable picture ({error})"
    if max(photo.shape[:2]) > MAX_SIDE:
        return f"longer than {MAX_SIDE} pixels on one side"
    frame = _find_frame(photo, options, annotator) if options.align else _middle(photo)
    if frame is None:
        return "no face found"
    if np.hypot(*(frame[3] - frame[0])) < 64:
        return "the face is smaller than 64 pixels"
    image = cut_frame(photo, frame, options.size)
    regions, points = _annotate(image, options, annotator)
    soft = edge_function(options.edges, annotator)(strokes.equalize(image))
    return {
        "image": _encode(image, ".jpg"),
        "sketch": _encode(strokes.line_strength(image, soft, options.edges != CANNY), ".png"),
        "edges": _encode(np.round(np.clip(soft, 0, 1) * 255).astype(np.uint8), ".png"),
        "color": _encode(strokes.color_map(image, regions), ".png"),
        "regions": _encode(regions, ".png"),
        "landmarks": [] if points is None else [float(v) for v in np.round(points / options.size, 5).ravel()],
    }


def _find_frame(photo: np.ndarray, options: PrepareOptions, annotator: Annotates | None) -> np.ndarray | None:
    """The aligned square of the largest face; None without a face."""
    if options.landmarks == ANNOTATOR:
        return next(iter(annotator.find_faces(photo)), None)
    faces = detect_faces(photo)
    if not faces:
        return None
    frame = frame_of_five(faces[0].points)
    if options.landmarks == NONE:
        return frame
    size = 512  # upright, as landmark networks want faces
    box = Box(*(size * part for part in ALIGNED_FACE_BOX))
    points = find_landmarks(_network(options.landmarks), cut_frame(photo, frame, size), box) / size
    return ffhq_frame(frame[0] + points[:, :1] * (frame[3] - frame[0]) + points[:, 1:] * (frame[1] - frame[0]))


def _middle(photo: np.ndarray) -> np.ndarray:
    """The largest square in the middle."""
    height, width = photo.shape[:2]
    side = min(height, width)
    x, y = (width - side) / 2, (height - side) / 2
    return np.array([[x, y], [x, y + side], [x + side, y + side], [x + side, y]], np.float32)


def _annotate(image: np.ndarray, options: PrepareOptions, annotator: Annotates | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Regions and landmarks of an aligned square, by whatever the options name for each."""
    seen = annotator.face(image, _middle(image)) if ANNOTATOR in (options.landmarks, options.regions) else None
    points = None
    if options.landmarks == ANNOTATOR:
        points = seen[1]
    elif options.landmarks != NONE:
        box = Box(*(options.size * part for part in ALIGNED_FACE_BOX))
        points = find_landmarks(_network(options.landmarks), image, box)
    if options.regions == ANNOTATOR:
        return seen[0], points
    return region_map(image, points, None if options.regions == NONE else _network(options.regions)), points


def _encode(array: np.ndarray, ending: str) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, 95] if ending == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 6]
    done, data = cv2.imencode(ending, array[..., ::-1] if array.ndim == 3 else array, flags)
    if not done:
        raise RuntimeError(f"OpenCV could not write a {ending} of shape {array.shape}")
    return data.tobytes()


@dataclass(frozen=True)
class FaceRows:
    """`prepare_photo` with its options, as a `folder.RowMaker`. ``make_annotator`` is called in each process that needs one."""

    options: PrepareOptions
    make_annotator: Callable[[], Annotates] | None = None
    columns: ClassVar[dict[str, str | list[str]]] = {
        **dict.fromkeys(("image", "sketch", "edges", "color", "regions"), folder.PICTURE),
        "landmarks": ["float32"],
    }

    @property
    def settings(self) -> dict:
        return asdict(self.options)

    def __call__(self, data: bytes) -> dict | str:
        return prepare_photo(data, self.options, self.make_annotator() if self.options.need_annotator() else None)

    def moved(self) -> "FaceRows":
        names = {name: getattr(self.options, name) for name in ("edges", "landmarks", "regions")}
        paths = {k: v if v in (ANNOTATOR, CANNY, NONE) else str(Path(v).absolute()) for k, v in names.items()}
        return replace(self, options=replace(self.options, **paths))


def prepare_folder(
    photos: str | Path,
    out: str | Path,
    options: PrepareOptions = PrepareOptions(),
    validation: tuple[str, ...] = (),
    num_proc: int | None = None,
    shard_size: int = 64,
    progress: bool = True,
    make_annotator: Callable[[], Annotates] | None = None,
    ray_address: str | None = None,
) -> dict:
    """Prepare every face below ``photos`` into ``out``; see `folder.prepare_folder`.

    ``make_annotator``: a function at the top of a module that returns the annotator (scfegan_hf.faces.annotate.bundled).
    ``num_proc``: processes of this machine, or actors of the Ray cluster at ``ray_address``, which then does the work.
    """
    if ray_address is None:
        engine = partial(local.make_shards, processes=num_proc)
    else:
        engine = partial(cluster.make_shards, address=ray_address, workers=num_proc)
    return folder.prepare_folder(photos, out, FaceRows(options, make_annotator), engine, validation, shard_size, progress)
