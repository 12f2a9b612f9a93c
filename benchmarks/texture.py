"""Fine detail of edits with the detail pass and without: python benchmarks/texture.py DATA --feature-weights FILE

DATA: a folder that `scfegan prepare --size 1024` wrote from photographs of 1000 pixels and more. One row for each task and
variant: detail by octave in parts of the photograph's (1 is as sharp), SqueezeNet's texture distance (lower is more alike),
PSNR in the hole, and seconds of a core in parts of the plain edit's.
"""

import argparse
import time

import numpy as np

from scfegan_hf import FaceEditPipeline
from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.benchmark.baselines import of_pipeline
from scfegan_hf.editing.benchmark.judges import squeezenet_judge, texture_distance
from scfegan_hf.editing.benchmark.tasks import make_tasks, pick_faces
from scfegan_hf.evaluation.closeness import masked_psnr
from scfegan_hf.evaluation.texture import NAMES, octave_ratios

MARGIN = 16  # pixels around the hole that the judge sees


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="+")
    parser.add_argument("--feature-weights", required=True)
    parser.add_argument("--faces", type=int, default=20)
    parser.add_argument("--tasks", nargs="+", default=["mouth", "eye", "brow", "nose", "hair", "free-form-10"])
    options = parser.parse_args()
    rows = load_rows(options.data, "validation")
    pipe, judge = FaceEditPipeline.from_pretrained(), squeezenet_judge(options.feature_weights)
    methods = {"plain": of_pipeline(pipe, detail=False), "with detail": of_pipeline(pipe)}
    found: dict[tuple[str, str], list[list[float]]] = {}
    for task in make_tasks(rows, pick_faces(rows, options.faces), options.tasks):
        ys, xs = np.nonzero(task.mask)
        window = np.s_[max(ys.min() - MARGIN, 0) : ys.max() + MARGIN, max(xs.min() - MARGIN, 0) : xs.max() + MARGIN]
        photo, mask = np.ascontiguousarray(task.photo[window]), np.ascontiguousarray(task.mask[window])
        truth = judge.texture(photo, mask)
        for name, method in methods.items():
            begin = time.process_time()
            result = np.ascontiguousarray(method.edit(task, task.drawing_for("both"), 0)[window])
            took = time.process_time() - begin
            figures = [*octave_ratios(result, photo, mask).values(), texture_distance(judge.texture(result, mask), truth)]
            found.setdefault((task.name, name), []).append([*figures, masked_psnr(result, photo, mask), took])
    print(f"| task | faces | variant | {' | '.join(NAMES)} | texture distance ↓ | PSNR | time |\n|---|---:|---|{'---:|' * 7}")
    for name in [*options.tasks, "all"]:
        plain_time = 1.0
        for variant in methods:
            values = [v for (task, method), rows in found.items() for v in rows if method == variant and name in (task, "all")]
            if values:
                *figures, took = np.nanmean(values, 0)
                plain_time = took if variant == "plain" else plain_time
                cells = [*(f"{value:.2f}" for value in figures[:-1]), f"{figures[-1]:.2f}", f"{took / plain_time:.1f}"]
                print(f"| {name} | {len(values)} | {variant} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
