"""Small trainings that differ in one thing each, with the same samples: which norm, gate and fill for `compact`.

    python benchmarks/ablation.py PREPARED [PREPARED ...] --perceptual_weights FILE --out OUT [--steps 150]

Prints a table of validation figures after the same number of steps, and the seconds a step took, each variant alone.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

VARIANTS = {
    "compact": {},
    "full gates, norm lrn": {"gate": "full", "norm": "lrn"},
    "fill none": {"fill": "none"},
    "fill pyramid": {"fill": "pyramid"},
    "norm rms": {"norm": "rms"},
    "full gates": {"gate": "full"},
    "norm lrn": {"norm": "lrn"},
    "no tenth channel": {"color_flag": False},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--perceptual_weights", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    options = parser.parse_args()
    script = Path(__file__).resolve().parent.parent / "train_accelerate.py"
    print("| variant | images | masked PSNR (dB) | feature distance | seconds a step |\n|---|---:|---:|---:|---:|")
    for name in options.variants:
        out = options.out / name.replace(" ", "-").replace(",", "")
        command = [
            sys.executable, str(script), "scfegan", "--output_dir", str(out), "--train_data_dir", *options.data,
            "--perceptual", "squeezenet", "--perceptual_weights", options.perceptual_weights, "--resolution", "128",
            "--train_batch_size", "16", "--mixed_precision", "bf16", "--learning_rate", "3e-4", "--lr_warmup_steps", "30",
            "--ema_decay", "0.98", "--max_train_steps", str(options.steps), "--validation_steps", str(options.steps),
            "--checkpointing_steps", "100000", "--logging_steps", "10", "--dataloader_num_workers", "1",
            "--num_validation_images", "64", "--report_to", "none", "--generator_options", json.dumps(VARIANTS[name]),
        ]  # fmt: skip
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        spent = time.perf_counter() - start
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        rates = sorted(line["images_per_second"] for line in log if "images_per_second" in line)
        last = [line for line in log if "validation_masked_psnr" in line][-1]
        psnr, distance = last["validation_masked_psnr"], last["validation_feature_distance"]
        print(
            f"| {name} | {options.steps * 16} | {psnr:.2f} | {distance:.4f} "
            f"| {16 / rates[len(rates) // 2]:.2f} |  <!-- {spent:.0f} s in all -->",
            flush=True,
        )


if __name__ == "__main__":
    main()
