"""What a fresh process waits for: importing the package, the command's help, the first edit; and its peak memory.

    python benchmarks/startup.py [--threads 2] [--rounds 7]

Every figure is the median of as many fresh processes, which take turns; the first round warms up the disk's cache. Wall time
is from the process's start to its end; processor time is printed beside it, since it also holds on a busy machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

EDIT = """
import json, resource, sys, time
def now(): return time.perf_counter(), time.process_time()
marks = [("imports", now())]
import numpy as np
from scfegan_hf import FaceEditPipeline
import torch
marks.append(("weights", now()))
pipe = FaceEditPipeline.from_pretrained(runtime=sys.argv[1] if sys.argv[1:] else None)
photo = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
hole = np.full((512, 512), 255, np.uint8)
marks.append(("first edit", now()))
pipe(photo, hole, invert=False)
marks.append(("second edit", now()))
pipe(photo, hole, invert=False)
marks.append(("end", now()))
parts = {a: [y - x for x, y in zip(s, t)] for (a, s), (_, t) in zip(marks, marks[1:])}
runtime = "OpenVINO" if pipe.openvino else "PyTorch"
print(json.dumps({"runtime": runtime, "parts": parts, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000}))
"""
PROCESSES = {
    "Python alone": ["-c", "pass"],
    "import scfegan_hf": ["-c", "import scfegan_hf"],
    "from scfegan_hf import FaceEditPipeline": ["-c", "from scfegan_hf import FaceEditPipeline"],
    "from scfegan_hf import SCFEGANGenerator": ["-c", "from scfegan_hf import SCFEGANGenerator"],
    "import torch": ["-c", "import torch"],
    "scfegan --help": ["-m", "scfegan_hf.cli", "--help"],
    "two edits of 512x512, a hole that fills the frame": ["-c", EDIT],
    "the same by PyTorch": ["-c", EDIT, "pytorch"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}

    wall, busy = ({name: [] for name in PROCESSES} for _ in range(2))
    parts: dict[str, dict[str, list[tuple[float, float]]]] = {}
    peaks: dict[str, list[float]] = {}
    for turn in range(options.rounds + 1):
        for name, arguments in PROCESSES.items():
            before, begin = os.times(), time.perf_counter()
            run = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True)
            took, after = time.perf_counter() - begin, os.times()
            if not turn:
                continue
            wall[name].append(took)
            busy[name].append(sum(after[2:4]) - sum(before[2:4]))  # of children, user and system
            if arguments[1] is EDIT:
                found = json.loads(run.stdout)
                peaks.setdefault(f"{name} ({found['runtime']})", []).append(found["peak"])
                for part, seconds in found["parts"].items():
                    parts.setdefault(name, {}).setdefault(part, []).append(tuple(seconds))

    print(f"Medians of {options.rounds} fresh processes, {options.threads} threads, Python {sys.version.split()[0]}\n")
    print("| process | wall (s) | processor (s) |\n|---|---:|---:|")
    for name in PROCESSES:
        print(f"| {name} | {statistics.median(wall[name]):.2f} | {statistics.median(busy[name]):.2f} |")
        for part, seconds in parts.get(name, {}).items():
            pair = [statistics.median(values) for values in zip(*seconds, strict=True)]
            print(f"| – of these, {part} | {pair[0]:.2f} | {pair[1]:.2f} |")
    for name, found in peaks.items():
        print(f"\nPeak memory, {name}: {statistics.median(found):.0f} MB (largest {max(found):.0f})")


if __name__ == "__main__":
    main()
