"""How good enlargements are: faces made four times smaller by bicubic means, and enlarged again.

    python benchmarks/enlarging.py PREPARED [...] [--model FOLDER] --lpips-weights FILE --feature-weights FILE [--identity]
        [--faces 40] [--side 256] [--jpeg QUALITY] [--sheet SHEET.jpg]

For each way PSNR and SSIM of the light less a border of 4 pixels, LPIPS (AlexNet; the released network was trained with it),
SqueezeNet's distance (it was not), how far the mean colour moved (Lab), and seconds at that size. With --identity dlib's
distance between the faces (the packages dlib-bin and face-recognition-models; the same person lies near .23, strangers near
.84). --jpeg: the small picture comes as a JPEG of this quality, as most do.
"""

import argparse
import importlib.util
import io
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from gallery import save, strip
from PIL import Image

from scfegan_hf.data.degraded import middle
from scfegan_hf.data.rows import decode_row, load_rows
from scfegan_hf.editing.benchmark.judges import squeezenet_judge
from scfegan_hf.editing.enlarging import PhotoEnlarging
from scfegan_hf.evaluation.closeness import light_psnr, light_ssim
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.enlarger import SCALE
from scfegan_hf.models.lpips import lpips_network


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)


def identity_judge() -> Callable[[np.ndarray, np.ndarray], float]:
    """Distance of two pictures of faces, NaN where dlib finds none in the first."""
    import dlib

    models = Path(importlib.util.find_spec("face_recognition_models").origin).parent / "models"
    detect = dlib.get_frontal_face_detector()
    shape = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def distance(one: np.ndarray, two: np.ndarray) -> float:
        boxes = detect(one, 1)
        if not boxes:
            return float("nan")
        vectors = [np.array(network.compute_face_descriptor(each, shape(each, boxes[0]))) for each in (one, two)]
        return float(np.linalg.norm(vectors[0] - vectors[1]))

    return distance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--lpips-weights", required=True)
    parser.add_argument("--feature-weights", required=True)
    parser.add_argument("--identity", action="store_true")
    parser.add_argument("--faces", type=int, default=40)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--jpeg", type=int)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    enlarge = PhotoEnlarging.from_pretrained(options.model)
    network, judge = lpips_network(options.lpips_weights), squeezenet_judge(options.feature_weights)
    identity = identity_judge() if options.identity else None
    size = (options.side, options.side)
    ways = {
        "bicubic": lambda small: np.asarray(small.resize(size, Image.Resampling.BICUBIC)),
        "Lanczos": lambda small: np.asarray(small.resize(size, Image.Resampling.LANCZOS)),
        "network": lambda small: np.asarray(enlarge(small, SCALE).image),
    }
    rows, everywhere = load_rows(options.data, "validation", columns=("image",)), np.ones(size, bool)
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    lines = []

    @torch.inference_mode()
    def figures(result: np.ndarray, truth: np.ndarray, seconds: float) -> list[float]:
        inner = [picture[SCALE:-SCALE, SCALE:-SCALE] for picture in (result, truth)]
        seen = [network(tensor(picture)) for picture in (result, truth)]
        labs = [cv2.cvtColor(np.float32(picture) / 255, cv2.COLOR_RGB2LAB).mean((0, 1)) for picture in (result, truth)]
        return [
            light_psnr(*inner),
            light_ssim(*inner),
            lpips(*seen, network.heads).item(),
            judge.distance(*(judge.look(picture, everywhere)[0] for picture in (result, truth))),
            float(np.linalg.norm(labs[0] - labs[1])),
            identity(truth, result) if identity else float("nan"),
            seconds,
        ]

    chosen = np.linspace(0, len(rows) - 1, min(options.faces, len(rows))).astype(int)
    for number, row in enumerate(chosen):
        sharp = middle(Image.fromarray(decode_row(rows[int(row)])["image"]), options.side)
        small = sharp.resize((options.side // SCALE, options.side // SCALE), Image.Resampling.BICUBIC)
        if options.jpeg:
            file = io.BytesIO()
            small.save(file, "JPEG", quality=options.jpeg)
            small = Image.open(file).convert("RGB")
        truth, tiles = np.asarray(sharp), []
        for name, way in ways.items():
            start = time.perf_counter()
            result = way(small)
            found[name].append(figures(result, truth, time.perf_counter() - start))
            tiles.append(result)
        if number < 12:
            lines.append(strip([truth, tiles[0], tiles[2]]))
    heads = ["PSNR-Y dB", "SSIM-Y", "LPIPS", "SqueezeNet", "colour", "identity", "seconds"]
    print(f"| way | {' | '.join(heads)} |\n|---|{'---:|' * len(heads)}")
    for name, values in found.items():
        print(f"| {name} | {' | '.join(f'{mean:.3f}' for mean in np.nanmean(values, 0))} |")
    print(f"\n{len(chosen)} faces")
    if options.sheet:
        save(np.vstack(lines), options.sheet)


if __name__ == "__main__":
    main()
