"""The tables of docs/results.md from what `scfegan evaluate` wrote: all tasks together, and one method task by task;
last, how far it is ahead of Telea over features of the face with lines and colours.

    python benchmarks/evaluation_tables.py REPORT/report.json
"""

import argparse
import json
from pathlib import Path

from scfegan_hf.editing.benchmark.figures import Figure
from scfegan_hf.editing.benchmark.report import task_table
from scfegan_hf.editing.benchmark.tasks import FEATURE_HOLES

TOGETHER = (
    "masked_l1", "masked_psnr", "masked_ssim", "squeezenet_distance", "sketch_precision", "sketch_recall", "sketch_f1",
    "color_difference", "seam", "changed_outside", "diversity", "squeezenet_frechet", "squeezenet_unpaired",
)  # fmt: skip
BY_TASK = ("masked_psnr", "squeezenet_distance", "sketch_f1", "color_difference", "seam")
METHOD, AGAINST = "this model", "Telea"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    table = json.loads(parser.parse_args().report.read_text())["table"]

    def figures(row: dict, names: tuple[str, ...]) -> dict[str, Figure]:
        nan = float("nan")
        return {name: Figure(**{k: nan if v is None else v for k, v in row[name].items()}) for name in names if name in row}

    together = {
        kind: {method: figures(row, TOGETHER) for method, row in methods.items()} for kind, methods in table.pop("all").items()
    }
    print(task_table(together))
    for kind in ("none", "both", "altered"):
        rows = {task: figures(by_kind[kind][METHOD], BY_TASK) for task, by_kind in table.items() if kind in by_kind}
        if rows:
            print(f"\n{task_table({kind: rows}).replace('| method |', '| task |')}")
    features = [table[task]["both"] for task in FEATURE_HOLES if "both" in table.get(task, {})]
    if features:
        psnr, distance = (
            {method: sum(task[method][name]["mean"] for task in features) / len(features) for method in (METHOD, AGAINST)}
            for name in ("masked_psnr", "squeezenet_distance")
        )
        print(
            f"\nMeans of {len(features)} features with both: {psnr[METHOD]:.2f} dB, {AGAINST} {psnr[AGAINST]:.2f} dB; "
            f"SqueezeNet distance {distance[METHOD]:.3f}, {distance[METHOD] / distance[AGAINST]:.2f} of {AGAINST}'s."
        )


if __name__ == "__main__":
    main()
