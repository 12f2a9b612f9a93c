"""The two portraits of the app's examples, drawn in code: a relief of a face under two lights, hair as single strands.

    python benchmarks/portraits.py [--out scfegan_hf/demo/portraits]

Nobody's photograph is in them. Coordinates are shares of the frame, x to the right and y down.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

SIDE, FINE = 512, 1024  # of the file, and of the canvas before it is averaged down
RGB = tuple[float, float, float]
Y, X = (axis.astype(np.float32) / FINE for axis in np.mgrid[0:FINE, 0:FINE])
U = np.abs(X - 0.5)  # distance from the face's middle
MOUTH, EYES, EYE_X = 0.692, 0.457, 0.095


@dataclass(frozen=True)
class Person:
    """What differs between portraits."""

    seed: int
    skin: RGB
    hair: RGB
    iris: RGB
    lips: RGB
    shirt: RGB
    wall: RGB
    long_hair: bool
    glasses: bool


PEOPLE = {
    "woman": Person(1, (222, 176, 150), (70, 44, 30), (96, 66, 44), (178, 92, 90), (70, 92, 120), (196, 204, 210), True, False),
    "man": Person(2, (196, 146, 118), (38, 28, 24), (62, 44, 34), (160, 92, 86), (112, 74, 66), (186, 196, 186), False, True),
}


def bump(x: float, y: float, wide: float, high: float | None = None, turn: float = 0.0) -> np.ndarray:
    """A Gaussian hill of height 1."""
    dx, dy, c, s = X - x, Y - y, np.cos(turn), np.sin(turn)
    return np.exp(-(((dx * c + dy * s) / wide) ** 2) - ((dy * c - dx * s) / (high or wide)) ** 2)


def pair(x: float, y: float, wide: float, high: float | None = None, turn: float = 0.0) -> np.ndarray:
    """The same hill on both halves of the face, ``x`` from its middle."""
    return bump(0.5 - x, y, wide, high, turn) + bump(0.5 + x, y, wide, high, -turn)


def ridge(value: np.ndarray, wide: float, power: int = 2) -> np.ndarray:
    return np.exp(-((value / wide) ** power))


def soft(shape: np.ndarray, pixels: float = 2.0) -> np.ndarray:
    return cv2.GaussianBlur(shape.astype(np.float32), (0, 0), pixels)


def step(value: np.ndarray, steep: float) -> np.ndarray:
    """1 below zero, 0 above."""
    return 1 / (1 + np.exp(np.clip(value * steep, -60, 60)))


def over(below: np.ndarray, color, share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0, 1)[..., None]
    return below * (1 - share) + np.asarray(color, np.float32) * share


def noise(rng: np.random.Generator, pixels: float) -> np.ndarray:
    """Smooth noise of roughly equal strength at every scale."""
    return cv2.GaussianBlur(rng.normal(0, 1, (FINE, FINE)).astype(np.float32), (0, 0), pixels) * pixels


def head_outline() -> np.ndarray:
    """Distance from the middle line as a share of the head's half width; below 1 inside."""
    high = (Y - 0.5) / 0.335
    upper, lower = 1 - np.clip(-high, 0, 1) ** 2.6, 1 - np.clip(high, 0, 1) ** 2.5
    half = 0.222 * np.where(high < 0, upper**0.42, lower**0.55)
    return np.where(np.abs(high) < 1, U / np.maximum(half, 1e-3), 9)


def relief(edge: np.ndarray) -> np.ndarray:
    """Height of the face above the plane of the picture."""
    z = 0.16 * np.sqrt(np.clip(1 - np.minimum(edge, 1) ** 2.3, 0, 1) * np.clip(1 - np.abs((Y - 0.5) / 0.335) ** 4, 0, 1))
    z += 0.024 * bump(0.5, 0.575, 0.042, 0.060) + 0.015 * bump(0.5, 0.500, 0.030, 0.080)  # nose
    z += 0.014 * bump(0.5, 0.598, 0.046, 0.026) + 0.010 * pair(0.040, 0.607, 0.020)
    z += 0.010 * pair(EYE_X, 0.415, 0.075, 0.018) - 0.020 * pair(EYE_X, 0.455, 0.058, 0.034)  # brows, sockets
    z += 0.011 * pair(EYE_X, EYES, 0.034, 0.020) + 0.012 * pair(0.125, 0.575, 0.06)  # lids, cheeks
    z += 0.016 * bump(0.5, 0.690, 0.085, 0.040) - 0.006 * bump(0.5, 0.745, 0.07, 0.014) + 0.014 * bump(0.5, 0.800, 0.06, 0.035)
    lips = 0.006 * ridge(Y - MOUTH + 0.014, 0.011) + 0.009 * ridge(Y - MOUTH - 0.017, 0.014) - 0.006 * ridge(Y - MOUTH, 0.0035)
    z += lips * ridge(U, 0.060, 4)
    z -= 0.004 * bump(0.5, 0.645, 0.010, 0.020)
    z -= 0.004 * ridge(U - 0.065 - (Y - 0.62) * 0.30, 0.010) * ridge(Y - 0.645, 0.05)  # folds beside the mouth
    return cv2.GaussianBlur(z, (0, 0), 3)


def light(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Diffuse and glossy light on the relief."""
    slope = [cv2.Sobel(z, cv2.CV_32F, *axis, scale=FINE / 8) for axis in ((1, 0), (0, 1))]
    normal = np.stack([-slope[0], -slope[1], np.ones_like(z)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    key, fill, shine = (v / np.linalg.norm(v) for v in np.array([(-0.45, -0.55, 0.75), (0.7, -0.1, 0.6), (-0.43, -0.53, 1.72)]))
    diffuse = 0.62 * np.clip(normal @ key, 0, 1) + 0.20 * np.clip(normal @ fill, 0, 1) + 0.28
    return diffuse, 0.12 * np.clip(normal @ shine, 0, 1) ** 26


def face(person: Person, rng: np.random.Generator, edge: np.ndarray) -> np.ndarray:
    """Skin, lips, brows and eyes, lit."""
    skin, lips, hair = (np.array(color, np.float32) for color in (person.skin, person.lips, person.hair))
    paint = over(np.zeros((FINE, FINE, 3), np.float32) + skin, skin * (1, 0.78, 0.76), 0.38 * pair(0.14, 0.585, 0.07, 0.055))
    paint = over(paint, skin * (1, 0.78, 0.76), 0.30 * bump(0.5, 0.60, 0.05, 0.03))
    paint = over(
        paint, skin * (0.80, 0.72, 0.72), 0.45 * pair(EYE_X, 0.478, 0.055, 0.022) + 0.3 * pair(EYE_X, 0.430, 0.05, 0.016)
    )
    paint += 5 * noise(rng, 1)[..., None] + 2 * noise(rng, 9)[..., None]
    bow = 0.022 + 0.004 * ridge(U - 0.018, 0.012) - 0.004 * bump(0.5, 0.67, 0.008, 0.05)
    upper = (MOUTH - bow + 3.2 * U**2 < Y) & (Y < MOUTH + 0.002) & (U < 0.075)
    lower = (Y < MOUTH + 0.032 - 5.2 * U**2) & (Y >= MOUTH - 0.001) & (U < 0.075)
    paint = over(over(paint, lips, 0.78 * soft(upper | lower, 3)), lips * 0.8, 0.45 * soft(upper, 3))
    arch = 0.397 - 0.010 * np.sin(np.clip((U - 0.03) / 0.128, 0, 1) * np.pi * 0.9) + 0.12 * np.clip(U - 0.115, 0, 1)
    thick = 0.0105 * np.clip((U - 0.03) / 0.02, 0, 1) * np.clip((0.158 - U) / 0.10, 0, 1) ** 0.6
    brow = np.exp(-(((Y - arch) / np.maximum(thick, 1e-4)) ** 4)) * ((U > 0.03) & (U < 0.158))
    paint = over(paint, hair * 0.75 + 12, 0.8 * soft(brow * (0.86 + 0.14 * np.sin(U * 900 - Y * 700)), 1.6))
    diffuse, gloss = light(relief(edge))
    lit = paint * diffuse[..., None] * 1.05 + 255 * gloss[..., None]
    lit = over(lit, (74, 36, 32), 0.75 * pair(0.024, 0.622, 0.011, 0.0055, 0.4))  # nostrils
    lit = over(lit, (84, 34, 36), 0.75 * ridge(Y - MOUTH, 0.0028) * ridge(U, 0.066, 6))
    for sign in (-1, 1):
        lit = eye(lit, person, sign)
    return lit


def eye(below: np.ndarray, person: Person, sign: int) -> np.ndarray:
    """One eye with lids and lashes; ``sign`` is -1 left of the nose."""
    x = 0.5 + sign * EYE_X
    u, iris = (X - x) * sign, np.array(person.iris, np.float32)
    tilt = np.clip(u / 0.047, -1, 1) * 0.003
    upper = EYES - 0.0215 * np.clip(1 - ((u + 0.002) / 0.047) ** 2, 0, 1) ** 0.85 - tilt
    lower = EYES + 0.0135 * np.clip(1 - ((u - 0.003) / 0.046) ** 2, 0, 1) ** 0.8 - tilt
    ball = np.array((232, 226, 222), np.float32) * (1 - 0.3 * np.clip(1 - (Y - upper) / 0.014, 0, 1) - 80 * u**2)[..., None]
    far = np.hypot(X - x, Y - EYES + 0.003)
    rays = 1 + 0.5 * np.clip((Y - EYES) / 0.02, -0.6, 1) + 0.18 * np.sin(np.arctan2(Y - EYES, X - x) * 34)
    inside = step(far - 0.0205, 900)[..., None]
    ball = ball * (1 - inside) + iris * rays[..., None] * inside
    ball = over(ball, iris * 0.35, 0.8 * ridge(far - 0.02, 0.0022))
    ball = over(ball, (14, 10, 10), step(far - 0.0092, 1200))
    ball = over(ball, (255, 255, 255), step(np.hypot(X - x + 0.007, Y - EYES + 0.009) - 0.0038, 1800))
    out = over(below, ball, soft((upper < Y) & (lower > Y) & (np.abs(u) < 0.047), 1.8))
    out = over(out, (36, 24, 22), 0.9 * soft(ridge(Y - upper, 0.0042) * (np.abs(u) < 0.050), 1.5))
    out = over(out, (96, 62, 52), 0.45 * ridge(Y - lower, 0.003) * (np.abs(u) < 0.044))
    return over(out, (120, 74, 60), 0.55 * ridge(Y - upper + 0.013, 0.0032) * ridge(u, 0.044, 4))


def strands(canvas: np.ndarray, paths: list[np.ndarray], hair: RGB, rng: np.random.Generator) -> None:
    """Hairs along paths, each of its own tone, in place."""
    for path in paths:
        tone = np.array(hair) * (1.7 if rng.uniform() < 0.1 else rng.uniform(0.55, 1.25))
        points = np.round(path * FINE * 8).astype(np.int32)
        cv2.polylines(canvas, [points], False, tone.tolist(), int(rng.integers(2, 5)), cv2.LINE_AA, 3)


def long_hair(rng: np.random.Generator, lifts: tuple[float, float], ends: tuple[float, float]) -> np.ndarray:
    """From the parting around the head, so many head radii from its middle, and down to an end."""
    side, lift, end = rng.choice((-1, 1)), rng.uniform(*lifts), rng.uniform(*ends)
    t = np.linspace(-0.5 * np.pi, 0.02, 26)
    x, y = 0.5 + side * 0.245 * lift * np.cos(t) - 0.012 * (1 - np.cos(t)), 0.40 + 0.262 * lift * np.sin(t)
    x[:6] -= 0.01 * np.linspace(1, 0, 6)
    down = np.linspace(y[-1] + 0.02, end, 22)
    q = down - y[-1]
    swing = 0.03 * np.sin(q * 5.5) + 0.15 * q * (lift - 0.9) + rng.normal(0, 0.032) * q - 0.1 * np.clip(q - 0.28, 0, 1)
    return (np.stack([np.r_[x, x[-1] + side * swing], np.r_[y, down]], 1) + rng.normal(0, 0.006, 2)).astype(np.float32)


def short_hair(rng: np.random.Generator) -> np.ndarray:
    """A short curl that grows away from the face, somewhere above the hairline."""
    while True:
        x, y = rng.uniform(0.24, 0.76), rng.uniform(0.12, 0.45)
        line = 0.262 + 0.35 * (x - 0.5) ** 2 + 0.010 * np.sin(x * 70)
        if np.hypot((x - 0.5) / 0.240, (y - 0.40) / 0.262) < 1 and (y < line or (abs(x - 0.5) > 0.207 and y < 0.43)):
            break
    curl = rng.normal(0, 0.5)
    turn = np.arctan2(y - 0.46, x - 0.45) + curl * 0.4 + np.linspace(0, 1, 7) * curl * 0.9 + 0.5 * (x > 0.44)
    length = rng.uniform(0.02, 0.05) / 7
    return np.stack([x + length * np.cumsum(np.cos(turn)), y + length * np.cumsum(np.sin(turn))], 1).astype(np.float32)


def clothes_and_neck(below: np.ndarray, person: Person, head: np.ndarray) -> np.ndarray:
    skin, shirt = np.array(person.skin, np.float32), np.array(person.shirt, np.float32)
    neck = (0.105 + 0.5 * np.clip(Y - 0.84, 0, 1) > U) & (Y > 0.74)
    out = over(below, skin * (0.72 - 0.9 * U + 0.25 * np.clip(Y - 0.86, 0, 1))[..., None], soft(neck, 2.5))
    out = over(out, (60, 30, 24), 0.55 * soft(neck & ~head, 3) * ridge(Y - 0.80, 0.06))  # the chin's shadow
    shoulder = 0.905 + 0.35 * np.clip(U - 0.22, 0, 1) - 0.045 * np.clip(U - 0.1, 0, 0.12) / 0.12
    cloth = (shoulder < Y) & ((U / 0.13) ** 2 + ((Y - 0.86) / 0.10) ** 2 > 1)
    folds = (1 + 0.1 * np.sin(X * 34 + Y * 22) * ridge(X - 0.2, 0.3)) * (1.10 - 0.25 * X)
    out = over(out, shirt * folds[..., None], soft(cloth, 2))
    ears = ((U - 0.226) / 0.026) ** 2 + ((Y - 0.515) / 0.058) ** 2 < 1
    return over(out, skin * (0.80 - 0.25 * pair(0.226, 0.515, 0.013, 0.03))[..., None], soft(ears, 2))


def glasses(below: np.ndarray) -> np.ndarray:
    lens = np.abs((U - 0.098) / 0.078) ** 3.2 + np.abs((Y - 0.462) / 0.056) ** 3.2
    out = over(below, (235, 240, 245), 0.1 * (lens < 0.9))
    out = over(out, (30, 28, 32), 0.92 * ridge(lens - 1, 0.16))
    out = over(out, (30, 28, 32), 0.9 * ridge(Y - 0.450, 0.006) * (U > 0.172) * (U < 0.232))
    return over(out, (30, 28, 32), 0.92 * ridge(Y - 0.448 - 0.9 * U**2, 0.006) * (U < 0.024))


def portrait(person: Person) -> np.ndarray:
    """The picture, uint8 (512, 512, 3)."""
    rng = np.random.default_rng(person.seed)
    edge = head_outline()
    head = edge < 1
    image = np.array(person.wall, np.float32) * (1.06 - 0.3 * ((X - 0.45) ** 2 + (Y - 0.3) ** 2))[..., None]
    image = np.ascontiguousarray(image, np.float32)
    hair = np.array(person.hair)
    if person.long_hair:
        back = ((U / 0.262) ** 2 + ((Y - 0.40) / 0.285) ** 2 < 1) & (Y < 0.42) | ((U < 0.262) & (Y >= 0.40) & (Y < 0.88))
        image = over(image, hair * 0.5, soft(back, 6)).astype(np.float32)
        behind = [
            long_hair(rng, side, rng.uniform(0.80, 1.13), rng.uniform(0.82, 0.95)) for side in (-1, 1) for _ in range(1500)
        ]
        strands(image, behind, person.hair, rng)
    else:
        cap = ((U / 0.243) ** 2 + ((Y - 0.40) / 0.262) ** 2 < 1) & (Y < 0.46)
        image = over(image, hair * 0.6, soft(cap, 5))
    image = clothes_and_neck(image, person, head)
    image = np.ascontiguousarray(over(image, face(person, rng, edge), soft(head, 2.2)), np.float32)
    if person.long_hair:
        front = [
            long_hair(rng, side, rng.uniform(0.885, 1.10), rng.uniform(0.70, 0.94)) for side in (-1, 1) for _ in range(1300)
        ]
        shade = np.zeros((FINE, FINE), np.float32)
        for path in front[::6]:
            cv2.polylines(shade, [np.round(path * FINE * 8).astype(np.int32)], False, 1, 26, cv2.LINE_AA, 3)
        image = np.ascontiguousarray(over(image, (60, 30, 20), 0.5 * soft(shade, 12)), np.float32)
    else:
        front = sorted((short_hair(rng) for _ in range(5200)), key=lambda path: path[0, 1])
    strands(image, front, person.hair, rng)
    image = glasses(image) if person.glasses else image
    small = cv2.resize(np.clip(image, 0, 255), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.clip(small + rng.normal(0, 1.6, small.shape), 0, 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("scfegan_hf/demo/portraits"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, person in PEOPLE.items():
        Image.fromarray(portrait(person)).save(options.out / f"{name}.jpg", quality=90)


if __name__ == "__main__":
    main()
