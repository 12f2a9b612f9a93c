"""The package's annotator against its teachers, against points set by people, and against the clock.

    python benchmarks/annotator.py PREPARED [PREPARED ...] --lab LONDON_LAB --portraits FOLDER [--landmarks FILE] --out OUT

PREPARED: folders that `scfegan prepare` made with the teacher networks (their validation split is used). LONDON_LAB: the
Face Research Lab London Set with its 189 points a face (people whose number ends in 0). --landmarks: the teacher of
landmarks (ONNX), measured on the same photographs. Writes annotator.json and annotator.png.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from scfegan_hf.data.rows import load_rows
from scfegan_hf.faces.annotate import FACE_SIDE, FaceAnnotator
from scfegan_hf.faces.detect import Box, detect_faces, open_network
from scfegan_hf.faces.landmarks import LEFT_EYE, RIGHT_EYE, find_landmarks
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.faces.samples import COLUMNS

# Points that mean the same in both: of the London Set's 189 and of WFLW's 98. Pupils, corners of the eyes, ends of the
# brows, base of the nose, corners and middle of the lips, chin.
SAME = {
    0: 96, 1: 97, 18: 60, 22: 64, 23: 68, 27: 72, 71: 33, 76: 37, 77: 42, 82: 46, 55: 57, 87: 76, 93: 82, 90: 79, 106: 85,
    129: 16,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--lab", type=Path)
    parser.add_argument("--portraits", type=Path, help="photographs to show beside prepared faces, names that end in 0")
    parser.add_argument("--landmarks", help="the teacher of landmarks, to compare")
    parser.add_argument("--model")
    parser.add_argument("--faces", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(2)
    annotator = FaceAnnotator.from_pretrained(options.model)
    rows = load_rows(options.data, "validation", columns=COLUMNS)
    count = min(options.faces, len(rows))
    chosen = [decode_face(rows[number * len(rows) // count]) for number in range(count)]
    figures = {"parameters_M": sum(p.numel() for p in annotator.network.parameters()) / 1e6, **speed(annotator)}
    figures["agreement with the teachers"] = agreement(annotator, chosen)
    if options.lab:
        figures["error against people's points, % of the distance between the pupils"] = lab(annotator, options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "annotator.json").write_text(json.dumps(figures, indent=2))
    print(json.dumps(figures, indent=2))
    shown = [row["image"] for row in chosen[:: max(count // 6, 1)][:6]]
    if options.portraits:
        files = sorted(p for p in options.portraits.iterdir() if p.stem.endswith("0"))[:6]
        shown += [np.asarray(Image.open(file).convert("RGB")) for file in files]
    tiles = [tile(annotator, photo) for photo in shown]
    Image.fromarray(np.vstack([np.hstack(tiles[i : i + 3]) for i in range(0, len(tiles), 3)])).save(
        options.out / "annotator.png"
    )


@torch.inference_mode()
def speed(annotator: FaceAnnotator) -> dict[str, float]:
    """Milliseconds, medians of ten: one square through the network, and a whole photograph of 768 pixels."""
    square = torch.zeros(1, 3, FACE_SIDE, FACE_SIDE).to(memory_format=torch.channels_last)
    photo = np.zeros((768, 768, 3), np.uint8)
    frame = np.array([[100, 100], [100, 600], [600, 600], [600, 100]], np.float32)
    return {
        "ms_at_256": _median_ms(lambda: annotator.network(square)),
        "ms_regions_and_landmarks_of_a_found_face": _median_ms(lambda: annotator.face(photo, frame)),
        "ms_edges_of_a_photograph": _median_ms(lambda: annotator.edges(photo)),
    }


def _median_ms(work) -> float:
    times = []
    for _ in range(12):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times[2:]))


def agreement(annotator: FaceAnnotator, rows: list[dict]) -> dict:
    """On aligned squares: landmarks, overlap of each region, edges at the threshold of a medium sketch."""
    away, both, either, hits = [], np.zeros(len(REGIONS)), np.zeros(len(REGIONS)), np.zeros(4)
    for row in rows:
        image, truth = row["image"], row["landmarks"]
        size = image.shape[0]
        regions, points = annotator.face(image, np.array([[0, 0], [0, size], [size, size], [size, 0]], np.float32))
        away.append(_error(points, truth))
        for label in range(len(REGIONS)):
            mine, theirs = regions == label, row["regions"] == label
            both[label] += (mine & theirs).sum()
            either[label] += (mine | theirs).sum()
        mine, theirs = annotator.edges(image) > 0.3, row["edges"] > 0.3 * 255
        near = [cv2.dilate(x.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0 for x in (mine, theirs)]
        hits += ((mine & near[1]).sum(), mine.sum(), (theirs & near[0]).sum(), theirs.sum())
    precision, recall = hits[0] / hits[1], hits[2] / hits[3]
    return {
        "faces": len(rows),
        "landmarks, % of the distance between the eyes": {"mean": float(np.mean(away)), "median": float(np.median(away))},
        "region overlap (IoU)": {name: round(float(both[i] / max(either[i], 1)), 3) for i, name in enumerate(REGIONS)},
        "mean overlap": float(np.mean(both[either > 0] / either[either > 0])),
        "edge F1 within 2 pixels": float(2 * precision * recall / (precision + recall)),
    }


def _error(points: np.ndarray, truth: np.ndarray) -> float:
    apart = np.hypot(*(truth[LEFT_EYE].mean(0) - truth[RIGHT_EYE].mean(0)))
    return float(100 * np.hypot(*(points - truth).T).mean() / apart)


def lab(annotator: FaceAnnotator, options: argparse.Namespace) -> dict:
    """Whole photographs, faces found by each itself."""
    teacher = open_network(options.landmarks) if options.landmarks else None
    found: dict[str, list[float]] = {"annotator": [], "teacher": []}
    lost = 0
    files = sorted(p for p in options.lab.glob("*0-*.jpg") if p.with_suffix(".csv").is_file())  # not all have points
    theirs, ours = list(SAME), list(SAME.values())
    for file in files:
        photo = np.asarray(Image.open(file).convert("RGB"))
        truth = np.loadtxt(file.with_suffix(".csv"), delimiter=",", skiprows=1)[:, -2:][theirs]
        apart = np.hypot(*(truth[0] - truth[1]))
        frames = annotator.find_faces(photo)
        if not frames:
            lost += 1
            continue
        points = annotator.face(photo, frames[0])[1][ours]
        found["annotator"].append(100 * np.hypot(*(points - truth).T).mean() / apart)
        faces = detect_faces(photo)
        if teacher and faces:
            box = faces[0].box
            low, high = 0.02 * (box.x1 - box.x0), 0.12 * (box.x1 - box.x0)
            box = Box(box.x0 - low, box.y0 + low, box.x1 + low, box.y1 + high)
            points = find_landmarks(teacher, photo, box)[ours]
            found["teacher"].append(100 * np.hypot(*(points - truth).T).mean() / apart)
    means = {name: float(np.mean(values)) for name, values in found.items() if values}
    return {"photographs": len(files), "not found": lost, "points": len(SAME), **means}


def tile(annotator: FaceAnnotator, photo: np.ndarray, side: int = 256) -> np.ndarray:
    """Photograph with landmarks, regions over it, lines."""
    found = annotator(photo)
    dotted = photo.copy()
    for x, y in found.landmarks:
        cv2.circle(dotted, (round(float(x)), round(float(y))), max(round(photo.shape[0] / 220), 1), (40, 255, 80), -1)
    hues = np.linspace(0, 180, len(REGIONS), endpoint=False).astype(np.uint8)
    palette = cv2.cvtColor(np.dstack([hues, np.full_like(hues, 190), np.full_like(hues, 240)]), cv2.COLOR_HSV2RGB)[0]
    palette[0] = 255
    regions = (0.35 * photo + 0.65 * palette[found.regions]).astype(np.uint8)
    lines = np.repeat((255 * (1 - found.edges)).astype(np.uint8)[..., None], 3, axis=2)
    return np.hstack([cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) for picture in (dotted, regions, lines)])


if __name__ == "__main__":
    main()
