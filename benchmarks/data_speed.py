"""How fast training inputs are made: photographs prepared a second, milliseconds a mask and a sample.

    python benchmarks/data_speed.py FOLDER_OF_PHOTOS [--count 40] [--edges FILE] [--landmarks FILE] [--regions FILE]
        [--calculate 10000000 --machine-cores 64]

`--calculate` measures one core's seconds of processor time a photograph, with one thread, which holds beside other work too,
and how fast files are listed, and prints what so many photographs take on a Ray cluster (data/prepare/cluster.py).
"""

import argparse
import json
import shutil
import tempfile
import time
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import torch

from scfegan_hf.data.prepare.folder import PHOTO_ENDINGS, write_rows
from scfegan_hf.data.rows import load_rows
from scfegan_hf.editing.drawn import masks
from scfegan_hf.editing.drawn.samples import edits_of
from scfegan_hf.faces.annotate import bundled
from scfegan_hf.faces.prepare import FaceRows, PrepareOptions, prepare_folder, prepare_photo
from scfegan_hf.faces.regions import REGIONS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--edges", default="canny")
    parser.add_argument("--landmarks", default="none")
    parser.add_argument("--regions", default="none")
    parser.add_argument("--calculate", type=int, metavar="PHOTOGRAPHS")
    parser.add_argument("--machine-cores", type=int, default=64)
    options = parser.parse_args()

    files = sorted(p for p in Path(options.photos).rglob("*") if p.suffix.lower() in PHOTO_ENDINGS)[: options.count]
    settings = PrepareOptions(align=True, edges=options.edges, landmarks=options.landmarks, regions=options.regions)
    if options.calculate:
        return calculate(files, settings, options.calculate, options.machine_cores)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        photos, out = Path(folder, "photos"), Path(folder, "out")
        photos.mkdir()
        for number, file in enumerate(files):
            shutil.copy(file, photos / f"{number:05d}{file.suffix}")
        start = time.perf_counter()
        report = prepare_folder(photos, out, settings, progress=False, make_annotator=bundled)
        figures["photographs prepared"] = report["prepared"]
        figures["photographs_per_second"] = len(files) / (time.perf_counter() - start)

        torch.set_num_threads(1)
        cv2.setNumThreads(1)
        stream = edits_of(load_rows([str(out)], "train"), 256, 0)
        figures["ms_per_sample_at_256"] = _milliseconds(lambda n: stream[n], 100)
    figures["ms_per_free_form_mask_at_512"] = _milliseconds(lambda n: masks.free_form(512, np.random.default_rng(n)), 300)
    points = _face_points(512)
    figures["ms_per_feature_mask_at_512"] = _milliseconds(lambda n: masks.feature(512, points, np.random.default_rng(n)), 300)
    regions = np.zeros((512, 512), np.uint8)
    regions[20:200, 100:400] = REGIONS.index("hair")
    figures["ms_per_hair_mask_at_512"] = _milliseconds(lambda n: masks.hair(regions, np.random.default_rng(n)), 100)
    print(json.dumps(figures, indent=2))


def calculate(files: list[Path], settings: PrepareOptions, photographs: int, cores: int) -> None:
    """Measured here, and what it makes of ``photographs`` on machines of ``cores`` cores: hours, storage, network."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    annotator = bundled() if settings.need_annotator() else None
    prepare_photo(files[0].read_bytes(), settings, annotator)
    began = time.process_time()
    made = [prepare_photo(file.read_bytes(), settings, annotator) for file in files]
    rows = [{"name": file.name, **row} for file, row in zip(files, made, strict=True) if isinstance(row, dict)]
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder, "shard.parquet"), rows, FaceRows.columns)
        seconds = (time.process_time() - began) / len(files)
        written = Path(folder, "shard.parquet").stat().st_size / len(rows)
    read = sum(file.stat().st_size for file in files) / len(files)
    listing, memory = _listing(20_000)
    days = photographs * seconds / 86400
    core_hours = photographs * seconds / 3600
    table = {
        "photographs measured": f"{len(files)}, {len(rows)} of them prepared",
        "seconds of a core a photograph": f"{seconds:.3f}",
        "kilobytes read and written a photograph": f"{read / 1e3:.0f}, {written / 1e3:.0f}",
        f"core-hours for {photographs:,}": f"{core_hours:,.0f} ({days:,.0f} days of one core)",
        f"hours on 1, 10, 50 machines of {cores} cores": ", ".join(f"{core_hours / cores / n:,.1f}" for n in (1, 10, 50)),
        "storage for the shards (TB)": f"{photographs * written * len(rows) / len(files) / 1e12:.1f}",
        "photographs to store beside them (TB)": f"{photographs * read / 1e12:.1f}",
        "reading and writing by 50 machines (MB/s)": f"{50 * cores / seconds * (read + written) / 1e6:,.0f}",
        "listing the photographs once, on a local disk (minutes)": f"{photographs * listing / 60:.0f}",
        "memory for the list (GB)": f"{photographs * memory / 1e9:.1f}",
        "files in data/ with 64 and 1024 a shard": f"{2 * photographs / 64:,.0f}, {2 * photographs / 1024:,.0f}",
        "memory of an actor's rows with 64 and 1024 a shard (MB)": f"{64 * written / 1e6:.0f}, {1024 * written / 1e6:.0f}",
    }
    print("| what | value |\n|---|---:|")
    print("\n".join(f"| {name} | {value} |" for name, value in table.items()))


def _listing(count: int) -> tuple[float, float]:
    """Seconds and bytes a file for the list that prepare_folder makes."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            below = Path(folder, f"{number // 1000:05d}")
            below.mkdir(exist_ok=True)
            (below / f"photograph-{number:08d}.jpg").touch()
        began = time.process_time()
        found = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in PHOTO_ENDINGS and p.is_file())
        seconds = (time.process_time() - began) / len(found)
        tracemalloc.start()
        found = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in PHOTO_ENDINGS and p.is_file())
        held = tracemalloc.get_traced_memory()[0] / len(found)
        tracemalloc.stop()
    return seconds, held


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
