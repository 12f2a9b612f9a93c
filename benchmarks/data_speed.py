"""How fast training inputs are made: photographs prepared a second, milliseconds a mask and a sample.

python benchmarks/data_speed.py FOLDER_OF_PHOTOS [--count 40] [--edges FILE] [--landmarks FILE] [--regions FILE]
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from scfegan_hf.annotate import bundled
from scfegan_hf.data import datasets, faces, masks
from scfegan_hf.data.prepare import PHOTO_ENDINGS, PrepareOptions, prepare_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--edges", default="canny")
    parser.add_argument("--landmarks", default="none")
    parser.add_argument("--regions", default="none")
    options = parser.parse_args()

    files = sorted(p for p in Path(options.photos).rglob("*") if p.suffix.lower() in PHOTO_ENDINGS)[: options.count]
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        photos, out = Path(folder, "photos"), Path(folder, "out")
        photos.mkdir()
        for number, file in enumerate(files):
            shutil.copy(file, photos / f"{number:05d}{file.suffix}")
        settings = PrepareOptions(align=True, edges=options.edges, landmarks=options.landmarks, regions=options.regions)
        start = time.perf_counter()
        report = prepare_folder(photos, out, settings, progress=False, make_annotator=bundled)
        figures["photographs prepared"] = report["prepared"]
        figures["photographs_per_second"] = len(files) / (time.perf_counter() - start)

        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        samples = datasets.EditSamples(datasets.load_rows([str(out)], "train"), 256, 0)
        figures["ms_per_sample_at_256"] = _milliseconds(lambda n: samples[n], 100)
    figures["ms_per_free_form_mask_at_512"] = _milliseconds(lambda n: masks.free_form(512, np.random.default_rng(n)), 300)
    points = _face_points(512)
    figures["ms_per_feature_mask_at_512"] = _milliseconds(lambda n: masks.feature(512, points, np.random.default_rng(n)), 300)
    regions = np.zeros((512, 512), np.uint8)
    regions[20:200, 100:400] = faces.REGIONS.index("hair")
    figures["ms_per_hair_mask_at_512"] = _milliseconds(lambda n: masks.hair(regions, np.random.default_rng(n)), 100)
    print(json.dumps(figures, indent=2))


def _milliseconds(work, rounds: int) -> float:
    work(0)
    start = time.perf_counter()
    for number in range(1, rounds + 1):
        work(number)
    return (time.perf_counter() - start) / rounds * 1000


def _face_points(size: int) -> np.ndarray:
    """98 points spread as on a face: enough to time a mask with."""
    rng = np.random.default_rng(0)
    return (np.array([0.3, 0.35]) + rng.random((98, 2)) * 0.4).astype(np.float32) * size


if __name__ == "__main__":
    main()
