"""What age and more masculine features do to a face (scfegan_hf/models/prototypes.py), from faces that people have rated.

    python examples/fit_prototypes.py OMI --out FOLDER [--landmarks FILE.npz] [--wrinkled 461 592 806 909]

OMI: One Million Impressions, with faces-1024/NUMBER.jpg in FFHQ frames and attributes.csv. Numbers that end in 0 stay out, and
so do children and who wears glasses. Each face is bent onto the mean one; what a step of age or of features does there is the
coefficient of a ridge regression beside the other ratings. WRINKLED: whose creases are the wrinkles, faces without beards,
fringes or glasses. --landmarks keeps what was found of the faces, so that a second run need not look again. Writes config.json
and model.safetensors to FOLDER.
"""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from scfegan_hf.editing.looking import looks
from scfegan_hf.faces.align import ffhq_frame
from scfegan_hf.faces.close import close_frame
from scfegan_hf.faces.landmarks import CONTOUR, LEFT_BROW, LEFT_EYE, OUTER_LIPS, PUPILS, RIGHT_BROW, RIGHT_EYE
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.faces.samples import MIRROR
from scfegan_hf.faces.warp import bend_onto
from scfegan_hf.models.prototypes import FacePrototypes

OTHERS = ("happy", "skin-color", "black", "asian", "white", "hispanic", "middle-eastern", "outdoors", "long-haired",
          "hair-color", "well-groomed", "smug", "weight")  # fmt: skip
RIDGE = 3.0
ADULT = 20  # rated years
LOOK, MAP = 512, 128  # sides at which faces are looked at and their regions kept
FACE = ("skin", "nose", "brows", "lips", "eyes", "iris", "mouth", "ears")
FLOOR = 6.0  # levels added before logarithms, so that black is not endless
BRIDGE = 0.2  # spread of the log luma down the bridge of the nose, from which on it wears glasses
LIGHT = 26  # pixels of a tone's square: what is coarser is the photographs' light, not the faces'
CREASES = 0.5  # of the excess of the wrinkled, for a step of ten years


def look(paths: list[Path], kept: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks (N, 98, 2) in parts of the picture and regions (N, MAP, MAP) of pictures in FFHQ frames."""
    if kept and kept.exists():
        with np.load(kept) as found:
            return found["points"], found["regions"]
    points, regions = [], []
    for path in paths:
        picture = np.asarray(Image.open(path).convert("RGB").resize((LOOK, LOOK), Image.Resampling.BOX))
        _, rough = looks().annotator.face(picture, np.float32([[0, 0], [0, LOOK], [LOOK, LOOK], [LOOK, 0]]))
        labels, own = looks().annotator.face(picture, ffhq_frame(rough))
        points.append(own / LOOK)
        regions.append(cv2.resize(labels, (MAP, MAP), interpolation=cv2.INTER_NEAREST))
    if kept:
        np.savez(kept, points=np.float32(points), regions=np.uint8(regions))
    return np.float32(points), np.uint8(regions)


def shapes_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean shape (98, 2) in the close square, the same mirrored, and all shapes turned and scaled onto it (N, 98, 2)."""
    shapes = []
    for each in points:
        corners = close_frame(ffhq_frame(each))[:3]
        matrix = cv2.getAffineTransform(np.ascontiguousarray(corners), np.float32([[0, 0], [0, 1], [1, 1]]))
        shapes.append(each @ matrix[:, :2].T + matrix[:, 2])
    mean = np.mean(shapes, 0)
    mean = (mean + mean[MIRROR] * (-1, 1) + (1, 0)) / 2
    middle = (mean - mean.mean(0)) @ np.array([1, 1j])
    fitted = []
    for shape in shapes:
        own = (shape - shape.mean(0)) @ np.array([1, 1j])
        own *= (np.conj(own) @ middle) / (np.conj(own) @ own).real
        fitted.append(np.column_stack([own.real, own.imag]) + mean.mean(0))
    return mean.astype(np.float32), np.float32(fitted)


def polygon(points: np.ndarray, side: int, grow: int) -> np.ndarray:
    """A filled polygon of parts of the square, grown by some pixels, as bytes of 0 and 1."""
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round(points * side).astype(np.int32)], 1)
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * grow + 1,) * 2))


def bridge(light: np.ndarray, mean: np.ndarray) -> float:
    """Spread of the log luma (S, S) down the bridge of the nose, which a frame of glasses crosses."""
    side = len(light)
    x, y = mean[list(PUPILS)].mean(0) * side
    fine = light - cv2.GaussianBlur(light, (0, 0), side / 64)
    rows, columns = slice(int(y - side / 12.8), int(y + side / 12.8)), slice(int(x - side / 36), int(x + side / 36))
    return float(np.ptp(fine[rows, columns].mean(1)))


def amplitudes(light: np.ndarray, octaves: tuple[float, ...], side: int) -> np.ndarray:
    """Logarithms of the local amplitude of each octave of a log luma (S, S): (O, side, side)."""
    answer, above = [], light
    for sigma in octaves:
        below = cv2.GaussianBlur(light, (0, 0), sigma)
        energy = cv2.resize((above - below) ** 2, (2 * side, 2 * side), interpolation=cv2.INTER_AREA)
        energy = cv2.GaussianBlur(energy, (0, 0), max(3 * sigma, 5) * 2 * side / len(light))
        answer.append(0.5 * np.log(cv2.resize(energy, (side, side), interpolation=cv2.INTER_AREA) + 1e-6))
        above = below
    return np.float32(answer)


def creases(light: np.ndarray, skin: np.ndarray, where: np.ndarray) -> np.ndarray:
    """What of a log luma (S, S) may be wrinkles: neither pores nor the shape of the face, and on ``skin`` (MAP, MAP) alone."""
    fine = cv2.GaussianBlur(light, (0, 0), 0.8) - cv2.GaussianBlur(light, (0, 0), 9)
    bare = cv2.resize(skin, light.shape).astype(np.float32) / 255
    bare = cv2.GaussianBlur(cv2.erode(bare, np.ones((15, 15))), (0, 0), 6)
    return np.clip(fine, -0.3, 0.2) * bare * where


def wrinkle_places(mean: np.ndarray, side: int) -> np.ndarray:
    """Where wrinkles are looked for: within the face, beside eyes, brows, lips and nostrils; float32 (side, side)."""
    features = [(LEFT_EYE, 9), (RIGHT_EYE, 9), (LEFT_BROW, 8), (RIGHT_BROW, 8), (OUTER_LIPS, 10), (slice(55, 60), 10)]
    away = np.zeros((side, side), np.uint8)
    for group, grow in features:
        away |= polygon(cv2.convexHull(mean[group])[:, 0], side, grow)
    brow = np.float32([[0.93, 0.3], [0.85, 0.1], [0.5, 0.02], [0.15, 0.1], [0.07, 0.3]])
    inner = cv2.erode(polygon(np.concatenate([mean[CONTOUR], brow]), side, 0), np.ones((25, 25))).astype(np.float32)
    return cv2.GaussianBlur(1 - away.astype(np.float32), (0, 0), 4) * cv2.GaussianBlur(inner, (0, 0), 8)


def tone(step: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """A step of log RGB (S, S, 3) without the light of the room, and without brows, which are too much each person's own."""
    side = len(step)
    brows = polygon(mean[LEFT_BROW], side, 3) | polygon(mean[RIGHT_BROW], side, 3)
    filled = step.copy()
    for channel in range(3):
        low, spread = step[..., channel].min(), max(np.ptp(step[..., channel]), 1e-6)
        levels = np.uint8(np.rint((step[..., channel] - low) / spread * 255))
        filled[..., channel] = cv2.inpaint(levels, brows, 5, cv2.INPAINT_TELEA) / 255.0 * spread + low
    soft = cv2.GaussianBlur(brows.astype(np.float32), (0, 0), 1.5)[..., None]
    step = step * (1 - soft) + filled * soft
    light = step.mean(2, keepdims=True)
    color = step - light
    light = light[..., 0] - cv2.GaussianBlur(light, (0, 0), LIGHT)
    return light[..., None] + color - 0.5 * cv2.GaussianBlur(color, (0, 0), LIGHT)


def fit(folder: Path, kept: Path | None, wrinkled: list[int]) -> FacePrototypes:
    with (folder / "attributes.csv").open() as file:
        ratings = {int(row["stimulus"]): row for row in csv.DictReader(file)}
    paths = sorted((folder / "faces-1024").glob("*.jpg"))
    points, regions = look(paths, kept)
    mean, shapes = shapes_of(points)
    model = FacePrototypes()
    side, fine = model.tones.shape[-1], model.wrinkle_side
    places = wrinkle_places(mean, fine)
    chosen, logs, skins, strengths, plain, lined = [], [], [], [], [], []
    for number, path in enumerate(paths):
        name = int(path.stem)
        if name % 10 == 0 or float(ratings[name]["age"]) <= ADULT:
            continue
        picture = np.asarray(Image.open(path).convert("RGB"))
        size = len(picture)
        bent = bend_onto(picture, points[number] * size, mean * fine, (fine, fine))
        log = np.log(np.maximum(bent.astype(np.float32), FLOOR) + FLOOR)
        light = cv2.cvtColor(log, cv2.COLOR_RGB2GRAY)
        if bridge(light, mean) >= BRIDGE and name not in wrinkled:  # a frown crosses the bridge too
            continue
        face = np.isin(regions[number], [REGIONS.index(each) for each in FACE]).astype(np.uint8) * 255
        skin = bend_onto(face, points[number] * MAP, mean * MAP, (MAP, MAP))
        if name in wrinkled:
            lined.append(creases(light, skin, places))
        elif len(plain) < 100:
            plain.append(creases(light, skin, places))
        chosen.append(number)
        logs.append(cv2.resize(log, (side, side), interpolation=cv2.INTER_AREA).astype(np.float16))
        skins.append(cv2.erode(skin, np.ones((3, 3))))
        strengths.append(amplitudes(light, model.octaves, model.details.shape[-1]))
    print(f"{len(chosen)} faces, {len(lined)} of them wrinkled")
    names = [int(paths[number].stem) for number in chosen]
    columns = [[float(ratings[name][each]) / scale for name in names] for each, scale in rated()]
    known = np.float32(columns).T
    known -= known.mean(0)
    both = known[:, :1] * known[:, 1:2]  # men and women age otherwise; the step is what is common
    known = np.concatenate([known, both - both.mean()], 1)
    solve = np.linalg.solve(known.T @ known + RIDGE * np.eye(known.shape[1]), known.T)[:2].astype(np.float32)

    moves = (solve @ shapes[chosen].reshape(len(chosen), -1)).reshape(2, -1, 2)
    moves = (moves + moves[:, MIRROR] * np.float32((-1, 1))) / 2
    details = (solve @ np.reshape(strengths, (len(chosen), -1))).reshape(2, *strengths[0].shape)
    steps = (solve @ alone(logs, skins)).reshape(2, side, side, 3)
    steps = (steps + steps[:, :, ::-1]) / 2
    model.points.copy_(torch.from_numpy(mean))
    model.moves.copy_(torch.from_numpy(moves))
    model.tones.copy_(torch.from_numpy(np.stack([tone(step, mean) for step in steps])).permute(0, 3, 1, 2))
    model.details.copy_(torch.from_numpy((details + details[..., ::-1]) / 2))
    excess = (np.mean(lined, 0) - np.mean(plain, 0)) * places
    model.wrinkles.copy_(torch.from_numpy(CREASES * np.float32(excess)))
    return model


def rated() -> list[tuple[str, float]]:
    """Ratings that are known of each face, those of STEPS first, and how many points of each are one."""
    return [("age", 10.0), ("gender", 25.0), *((name, 25.0) for name in OTHERS)]


def alone(logs: list[np.ndarray], skins: list[np.ndarray]) -> np.ndarray:
    """Faces' log RGB (N, S * S * 3), less the mean; hair and background are the mean's, in the face's own tone."""
    side = len(logs[0])
    weights = [cv2.resize(skin, (side, side)).astype(np.float32)[..., None] / 255 for skin in skins]
    total = sum(weight * log for weight, log in zip(weights, logs, strict=True))
    mean = total / np.maximum(sum(weights), 20)
    middle = np.s_[int(0.31 * side) : int(0.78 * side), int(0.16 * side) : int(0.84 * side)]
    answer = np.empty((len(logs), side, side, 3), np.float32)
    for row, log, weight in zip(answer, logs, weights, strict=True):
        apart = log - mean
        own = (apart * weight)[middle].sum((0, 1)) / weight[middle].sum((0, 1))
        row[:] = weight * apart + (1 - weight) * own
    answer = answer.reshape(len(logs), -1)
    return answer - answer.mean(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("omi", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--landmarks", type=Path, help="npz: read if it is there, else written")
    parser.add_argument("--wrinkled", type=int, nargs="+", default=[461, 592, 806, 909])
    options = parser.parse_args()
    fit(options.omi, options.landmarks, options.wrinkled).half().save_pretrained(options.out)
    print(f"{options.out}: {(options.out / 'model.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
