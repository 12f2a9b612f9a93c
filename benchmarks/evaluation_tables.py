"""The tables of docs/results.md from what `scfegan evaluate` wrote: all tasks together, and one method task by task.

    python benchmarks/evaluation_tables.py REPORT/report.json
"""

import argparse
import json
from pathlib import Path

from scfegan_hf.evaluation.benchmark import Figure
from scfegan_hf.evaluation.report import task_table

TOGETHER = (
    "masked_l1", "masked_psnr", "masked_ssim", "squeezenet_distance", "sketch_precision", "sketch_recall", "sketch_f1",
    "color_difference", "seam", "changed_outside", "diversity", "squeezenet_frechet", "squeezenet_unpaired",
)  # fmt: skip
BY_TASK = ("masked_psnr", "squeezenet_distance", "sketch_f1", "color_difference", "seam")
METHOD = "this model"


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


if __name__ == "__main__":
    main()
