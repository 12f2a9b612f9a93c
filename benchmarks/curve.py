"""Validation figures of one or more runs, joined in order, over hours: a PNG and a table.

python benchmarks/curve.py OUT/log.jsonl [MORE/log.jsonl ...] --png docs/pictures/curve.png
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("logs", nargs="+", type=Path)
    parser.add_argument("--png", type=Path, required=True)
    options = parser.parse_args()
    hours, psnr, distance, marks = [], [], [], []
    before = 0.0
    for path in options.logs:
        settings = json.loads((path.parent / "training_config.json").read_text())
        batch, resolution = settings["train_batch_size"] * settings["processes"], settings["resolution"]
        seconds = 0.0
        for line in map(json.loads, path.read_text().splitlines()):
            if line["seconds"] < seconds:  # resumed here
                before += seconds
            seconds = line["seconds"]
            if "validation_masked_psnr" in line:
                hours.append((before + seconds) / 3600)
                psnr.append(line["validation_masked_psnr"])
                distance.append(line["validation_feature_distance"])
                marks.append((resolution, line["step"] * batch))
        before += seconds
    print("| hours | run at | images | masked PSNR (dB) | feature distance |\n|---:|---:|---:|---:|---:|")
    for h, (resolution, images), p, d in zip(hours, marks, psnr, distance, strict=True):
        print(f"| {h:.2f} | {resolution} | {images} | {p:.2f} | {d:.4f} |")
    figure, left = plt.subplots(figsize=(7, 3.6), dpi=130)
    right = left.twinx()
    left.plot(hours, psnr, "o-", color="tab:blue", markersize=3)
    right.plot(hours, distance, "s-", color="tab:red", markersize=3)
    left.set_xlabel("hours of training on two CPU cores")
    left.set_ylabel("PSNR in the hole (dB)", color="tab:blue")
    right.set_ylabel("feature distance", color="tab:red")
    left.grid(alpha=0.3)
    figure.tight_layout()
    options.png.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.png)


if __name__ == "__main__":
    main()
