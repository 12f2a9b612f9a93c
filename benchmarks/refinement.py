"""What a refiner adds to the generator's answers on held-out faces: closeness, LPIPS, and detail octave by octave.

    python benchmarks/refinement.py PREPARED [...] --refiner FOLDER --lpips_weights FILE [--feature-weights FILE] [--faces 10]
        [--guidance none both] [--by-hand] [--sheet SHEET.jpg]

Each edit is made by the generator alone and by the cascade, in one run. LPIPS is AlexNet's, over the hole. Detail: for each
octave, fine to coarse, how much an answer has in the hole in parts of what the photograph has there; 1 is right. The sheet
has a row for each edit: photograph, drawing, generator, cascade.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from close import near
from gallery import save, strip

from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.benchmark.judges import squeezenet_judge
from scfegan_hf.editing.benchmark.report import show_drawing
from scfegan_hf.editing.benchmark.tasks import TASKS, EditTask, make_tasks, pick_faces
from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS, FaceEditPipeline
from scfegan_hf.evaluation.closeness import masked_psnr
from scfegan_hf.losses.lpips import lpips
from scfegan_hf.models.cascade import FaceCascade
from scfegan_hf.models.lpips import lpips_network
from scfegan_hf.models.refiner import FaceRefiner
from scfegan_hf.models.scfegan import SCFEGANGenerator

OCTAVES = 4


def octaves(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean size in the hole of what lies between two blurs, of OCTAVES octaves from fine to coarse."""
    sizes, finer = [], picture.astype(np.float32)
    for octave in range(OCTAVES):
        coarser = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8 * 2**octave)
        sizes.append(np.abs(finer - coarser)[mask].mean())
        finer = coarser
    return np.array(sizes)


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--refiner", required=True, help="folder of the refiner's weights")
    parser.add_argument("--generator", default=str(BUNDLED_WEIGHTS))
    parser.add_argument("--lpips_weights", required=True)
    parser.add_argument("--feature-weights", help="SqueezeNet safetensors, for its distance")
    parser.add_argument("--faces", type=int, default=10)
    parser.add_argument(
        "--tasks", nargs="+", default=["eye", "both-eyes", "mouth", "nose", "hair", "free-form-20", "half-face"]
    )
    parser.add_argument("--guidance", nargs="+", default=["none", "both"])
    parser.add_argument("--by-hand", action="store_true")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    if unknown := set(options.tasks) - set(TASKS):
        parser.error(f"There is no task {sorted(unknown)[0]!r}.")
    generator = SCFEGANGenerator.from_pretrained(options.generator)
    pipes = {
        "generator": FaceEditPipeline(generator),
        "cascade": FaceEditPipeline(FaceCascade(generator, FaceRefiner.from_pretrained(options.refiner))),
    }
    network = lpips_network(options.lpips_weights)
    judge = squeezenet_judge(options.feature_weights) if options.feature_weights else None
    rows = load_rows(options.data, "validation")
    found: dict[tuple[str, str], list[list[float]]] = {}
    lines = []

    @torch.inference_mode()
    def figures(result: np.ndarray, task: EditTask, seconds: float) -> list[float]:
        seen = [network(tensor(picture)) for picture in (result, task.photo)]
        mask = torch.from_numpy(task.mask[None, None].astype(np.float32))
        distance = float("nan")
        if judge is not None:
            distance = judge.distance(*(judge.look(picture, task.mask)[0] for picture in (result, task.photo)))
        detail = octaves(result, task.mask) / octaves(task.photo, task.mask)
        return [
            masked_psnr(result, task.photo, task.mask),
            lpips(*seen, network.heads, mask).item(),
            distance,
            *detail,
            seconds,
        ]

    for task in make_tasks(rows, pick_faces(rows, options.faces), options.tasks, by_hand=options.by_hand):
        for guidance in options.guidance:
            drawing = task.drawing_for(guidance)
            tiles = [near(task.photo, task), near(show_drawing(task.photo, task.mask, drawing), task)]
            for name, pipe in pipes.items():
                start = time.process_time()
                edit = pipe(task.photo, task.mask.astype(np.uint8), drawing.sketch, drawing.color, invert=False, detail=False)
                result = np.asarray(edit.image)
                found.setdefault((guidance, name), []).append(figures(result, task, time.process_time() - start))
                tiles.append(near(result, task))
            lines.append(strip(tiles))
    heads = ["PSNR dB", "LPIPS", "SqueezeNet", *(f"octave {n + 1}" for n in range(OCTAVES)), "processor s"]
    print(f"| guidance | network | {' | '.join(heads)} |\n|---|---|{'---:|' * len(heads)}")
    for (guidance, name), values in found.items():
        print(f"| {guidance} | {name} | {' | '.join(f'{mean:.3f}' for mean in np.mean(values, 0))} |")
    print(f"\n{len(lines)} edits")
    if options.sheet:
        save(np.vstack(lines), options.sheet)


if __name__ == "__main__":
    main()
