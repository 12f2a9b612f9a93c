"""How far painted photographs come towards the paintings, and how much of the face stays: held-out faces, painted each way.

    python benchmarks/style.py PREPARED [...] --paintings FOLDER --feature-weights FILE [--model FOLDER] [--identity]
        [--faces 200] [--side 384] [--strength 1] [--sheet SHEET.jpg]

For each way the Frechet distance (SqueezeNet's features, which taught nothing here) to as many of the paintings as there are
faces, also as a part of the photographs' own, and with --identity dlib's distance to the photograph (the same person lies near
.23, strangers near .84). "a painting each" is every photograph like another painting, "floor" as many further paintings.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from enlarging import identity_judge
from gallery import save, strip
from PIL import Image

from scfegan_hf.data.degraded import middle
from scfegan_hf.data.rows import decode_row, load_rows
from scfegan_hf.editing.benchmark.judges import squeezenet_judge
from scfegan_hf.evaluation.sets import frechet_distance
from scfegan_hf.portrait.style import StylePipeline

SHOWN, EACH = 8, "a painting each"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--feature-weights", required=True)
    parser.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    parser.add_argument("--identity", action="store_true")
    parser.add_argument("--faces", type=int, default=200)
    parser.add_argument("--side", type=int, default=384)
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    paint, judge = StylePipeline.from_pretrained(options.model), squeezenet_judge(options.feature_weights)
    identity = identity_judge() if options.identity else None
    everywhere = np.ones((options.side, options.side), bool)

    def vector(picture: np.ndarray) -> np.ndarray:
        return judge.look(cv2.resize(picture, everywhere.shape, interpolation=cv2.INTER_AREA), everywhere)[1]

    rows = load_rows(options.data, "validation", columns=("image",))
    count = min(options.faces, len(rows))
    files = sorted(path for path in options.paintings.iterdir() if path.suffix in (".jpg", ".png"))
    if len(files) < 2 * count:
        parser.error(f"{options.paintings} holds {len(files)} pictures; {count} faces need twice as many.")
    order = np.random.default_rng(0).permutation(len(files))[: 2 * count]
    paintings, further = (
        np.array([vector(np.asarray(Image.open(files[n]).convert("RGB"))) for n in part]) for part in np.split(order, 2)
    )
    vectors: dict[str, list[np.ndarray]] = {}
    apart: dict[str, list[float]] = {}
    seconds, tiles = [], []
    for number, row in enumerate(np.linspace(0, len(rows) - 1, count).astype(int)):
        photo = np.asarray(middle(Image.fromarray(decode_row(rows[int(row)])["image"]), options.side))
        results = {"photograph": photo}
        for name in (*paint.names, EACH):
            start = time.perf_counter()
            style = str(files[order[count + number]]) if name == EACH else name
            results[name] = np.asarray(paint(photo, style, strength=options.strength).image)
            seconds.append(time.perf_counter() - start)
        for name, result in results.items():
            vectors.setdefault(name, []).append(vector(result))
            if identity:
                apart.setdefault(name, []).append(identity(photo, result))
        if number < SHOWN:
            tiles.append(strip(list(results.values())))
    own = frechet_distance(np.array(vectors["photograph"]), paintings)
    print(f"{count} faces of {options.side} pixels, strength {options.strength:g}, {np.median(seconds):.2f} s each\n")
    print("| way | Frechet | of the photographs' | identity mean, 95% |\n|---|---:|---:|---|")
    for name, found in vectors.items():
        distance = frechet_distance(np.array(found), paintings)
        known = np.array(apart.get(name, []))
        known = known[~np.isnan(known)]
        same = f"{known.mean():.3f}, {np.percentile(known, 95):.3f}" if known.size else ""
        print(f"| {name} | {distance:.3f} | {distance / own:.2f} | {same} |")
    floor = frechet_distance(further, paintings)
    print(f"| floor | {floor:.3f} | {floor / own:.2f} | |")
    if options.sheet:
        save(np.concatenate(tiles), options.sheet)


if __name__ == "__main__":
    main()
