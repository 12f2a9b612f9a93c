"""Photographs to training inputs: `scfegan prepare PHOTOS OUT` writes Parquet shards that `datasets` reads.

The work on one photograph is `prepare_photo`, a pure function of bytes and options, so that any engine can map it: the
processes of this machine here, a Ray cluster in data/cluster.py. A shard is written whole or not at all, and a run that
was stopped goes on with the shards that are missing.
"""

import fnmatch
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch

from scfegan_hf.data import faces, strokes
from scfegan_hf.files import replacing, write_text
from scfegan_hf.formats import load, open_picture, upright

PHOTO_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}

MAX_SIDE = 2**15 - 1  # OpenCV's warping counts pixels in 16 bits
MAX_PIXELS = 178_000_000  # what Pillow takes
ANNOTATOR, CANNY, NONE = "annotator", "canny", "none"


@dataclass(frozen=True)
class PrepareOptions:
    """How a photograph is prepared, and by what: "annotator", or the path of an ONNX file (see data/faces.py)."""

    size: int = 512
    align: bool = True
    edges: str = CANNY  # or an annotator, or a path
    landmarks: str = NONE  # or an annotator, or a path
    regions: str = NONE  # or an annotator, or a path

    def need_annotator(self) -> bool:
        return ANNOTATOR in (self.edges, self.landmarks, self.regions)


class Annotates(Protocol):
    """What is asked of an annotator (scfegan_hf.annotate.FaceAnnotator is one)."""

    def find_faces(self, photo: np.ndarray) -> list[np.ndarray]: ...

    def face(self, photo: np.ndarray, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...

    def edges(self, photo: np.ndarray) -> np.ndarray: ...


@cache
def _network(path: str):
    return faces.open_network(path)


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
    image = faces.cut_frame(photo, frame, options.size)
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
    boxes = faces.detect_faces(photo)
    if not boxes:
        return None
    if options.landmarks == NONE:
        return faces.haar_frame(boxes[0])
    return faces.ffhq_frame(faces.landmarks(_network(options.landmarks), photo, _landmark_box(boxes[0])))


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
        box = faces.Box(*(options.size * part for part in faces.ALIGNED_FACE_BOX))
        points = faces.landmarks(_network(options.landmarks), image, box)
    if options.regions == ANNOTATOR:
        return seen[0], points
    return faces.region_map(image, points, None if options.regions == NONE else _network(options.regions)), points


def _landmark_box(box: faces.Box) -> faces.Box:
    """A Haar box reaches from brows to chin; landmark networks want it a little lower and tighter at the sides."""
    side = box.x1 - box.x0
    return faces.Box(box.x0 - 0.02 * side, box.y0 + 0.02 * side, box.x1 + 0.02 * side, box.y1 + 0.12 * side)


def _encode(array: np.ndarray, ending: str) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, 95] if ending == ".jpg" else [cv2.IMWRITE_PNG_COMPRESSION, 6]
    done, data = cv2.imencode(ending, array[..., ::-1] if array.ndim == 3 else array, flags)
    if not done:
        raise RuntimeError(f"OpenCV could not write a {ending} of shape {array.shape}")
    return data.tobytes()


def prepare_file(job: tuple[str, PrepareOptions, Callable[[], Annotates] | None]) -> dict | str:
    """`prepare_photo` of a file, for a pool of processes; one photograph a process, so OpenCV and PyTorch take one thread."""
    path, options, make_annotator = job
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        return f"could not be read ({error.strerror})"
    return prepare_photo(data, options, make_annotator() if options.need_annotator() else None)


class Shard(NamedTuple):
    """A Parquet file to be, and the photographs that go into it."""

    path: Path
    files: list[Path]

    def is_finished(self) -> bool:
        return self.path.with_suffix(".json").exists()  # written last

    def finish(self, prepared: int, left_out: dict[str, str]) -> None:
        """The note that says it is whole."""
        write_text(self.path.with_suffix(".json"), json.dumps({"prepared": prepared, "left_out": left_out}))


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
    """Prepare every picture below ``photos`` into ``out/data/SPLIT-NNNNN.parquet``; returns and writes report.json.

    ``validation``: shell patterns of file names (without ending) that go to the validation split. ``make_annotator``: a
    function at the top of a module that returns the annotator, which every process calls for itself
    (scfegan_hf.annotate.bundled). ``ray_address``: of a Ray cluster that does the work instead of this machine's
    processes; the output is the same. Running the same command again goes on where the last one stopped, on either engine;
    other options for the same ``out`` are refused.
    """
    from tqdm import tqdm

    photos, out = Path(photos).absolute(), Path(out).absolute()  # other processes may work elsewhere
    files = sorted(p for p in photos.rglob("*") if p.suffix.lower() in PHOTO_ENDINGS and p.is_file())
    if not files:
        raise FileNotFoundError(f"No pictures below {photos}. Give a folder with {', '.join(sorted(PHOTO_ENDINGS))} files.")
    plan = {"options": asdict(options), "validation": list(validation), "shard_size": shard_size, "photos": len(files)}
    (out / "data").mkdir(parents=True, exist_ok=True)
    _check_plan(out / "prepare.json", plan)

    splits: dict[str, list[Path]] = {"train": [], "validation": []}
    for file in files:
        held_out = any(fnmatch.fnmatch(file.stem, pattern) for pattern in validation)
        splits["validation" if held_out else "train"].append(file)
    shards = [
        Shard(out / "data" / f"{split}-{start // shard_size:05d}.parquet", members[start : start + shard_size])
        for split, members in splits.items()
        for start in range(0, len(members), shard_size)
    ]
    missing = [shard for shard in shards if not shard.is_finished()]
    with tqdm(total=len(files), unit="photo", disable=not progress) as bar:
        bar.update(len(files) - sum(len(shard.files) for shard in missing))
        if missing and ray_address is not None:
            from scfegan_hf.data.cluster import prepare_shards

            for shard in prepare_shards(missing, photos, out, options, make_annotator, ray_address, num_proc):
                bar.update(len(shard.files))
        elif missing:
            for _ in _prepare_here(missing, photos, options, make_annotator, num_proc):
                bar.update()
    reports = [json.loads(shard.path.with_suffix(".json").read_text()) for shard in shards]
    report = {
        "prepared": sum(r["prepared"] for r in reports),
        "left_out": {name: why for r in reports for name, why in r["left_out"].items()},
    }
    write_text(out / "report.json", json.dumps(report, indent=2))
    return report


def _prepare_here(
    missing: list[Shard],
    photos: Path,
    options: PrepareOptions,
    make_annotator: Callable[[], Annotates] | None,
    num_proc: int | None,
) -> Iterator[Path]:
    """Make shards by processes of this machine; each photograph as it is done."""
    # Spawned, since forked processes hang on the threads that OpenCV and ONNX Runtime may have started here.
    with ProcessPoolExecutor(num_proc or os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        for shard in missing:
            jobs = [(str(file), options, make_annotator) for file in shard.files]
            made = []
            for file, row in zip(shard.files, pool.map(prepare_file, jobs, chunksize=2), strict=True):
                made.append(row)
                yield file
            rows, left_out = sort_out(shard.files, made, photos)
            if rows:
                with replacing(shard.path) as partial:
                    write_rows(partial, rows)
            shard.finish(len(rows), left_out)


def sort_out(files: list[Path], made: list[dict | str], photos: Path) -> tuple[list[dict], dict[str, str]]:
    """Rows with their names, and by name why there is none, of what `prepare_file` made of files below ``photos``."""
    rows, left_out = [], {}
    for file, row in zip(files, made, strict=True):
        name = file.relative_to(photos).as_posix()
        if isinstance(row, str):
            left_out[name] = row
        else:
            rows.append({"name": name, **row})
    return rows, left_out


def _check_plan(path: Path, plan: dict) -> None:
    if path.exists():
        before = json.loads(path.read_text())
        differing = sorted(key for key in plan if before.get(key) != plan[key])
        if differing:
            details = "; ".join(f"{key}: {before.get(key)} before, {plan[key]} now" for key in differing)
            raise ValueError(f"{path.parent} was prepared with other settings ({details}). Choose another folder.")
    write_text(path, json.dumps(plan, indent=2))


def write_rows(path: Path, rows: list[dict]) -> None:
    """One or more rows as a Parquet file."""
    from datasets import Dataset, Features, Image, List, Value

    features = Features(
        {"name": Value("string"), "image": Image(), "sketch": Image(), "edges": Image(), "color": Image(),
         "regions": Image(), "landmarks": List(Value("float32"))}
    )  # fmt: skip
    pictures = ("image", "sketch", "edges", "color", "regions")
    table = [{key: {"bytes": v, "path": None} if key in pictures else v for key, v in row.items()} for row in rows]
    Dataset.from_list(table, features=features).to_parquet(str(path))
