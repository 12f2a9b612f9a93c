"""What several commands share: numbers within limits, options of results, folders of photographs."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

JPEG_NOTE = "A JPEG changes pixels outside the mask a little; a name that ends in .png keeps them."


def growth(text: str) -> int | str:
    return text if text == "auto" else whole(0, 10_000)(text)


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """What argparse reads a whole number from ``low`` to ``high`` by."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            limits = f"of at least {low}" if high is None else f"from {low} to {high}"
            raise argparse.ArgumentTypeError(f"must be a whole number {limits}, not {text[:20]}")
        return value

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """What argparse reads a number from ``low`` to ``high`` by."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be a number from {low:g} to {high:g}, not {text[:20]}")
        return value

    return read


def describe_results(command: argparse.ArgumentParser) -> None:
    """Where a changed photograph, or a folder of them, is written, and how."""
    command.add_argument("--quality", type=whole(1, 100), help="of a JPEG, 1 to 100 (default: the photo's own, or 95)")
    command.add_argument("--format", default="png", help="for a folder: png, jpg, tif or webp (default png)")
    command.add_argument(
        "-o", "--output", required=True, help="file to write, as PNG, TIFF, lossless WebP or JPEG by its ending; or a folder"
    )


def check_format(options: argparse.Namespace) -> str:
    """The format of the results, before the work is done. ValueError for an ending that there is none of."""
    from scfegan_hf.editing.saving import format_of

    return format_of(f"result.{options.format}" if Path(options.photo).is_dir() else options.output)


def save_all(result: Any, output: str, quality: int | None = None) -> None:
    """Write an `EditResult`'s pictures to ``output``, its name with -2 and so on, and say what each is, and its notes."""
    from scfegan_hf.editing.saving import save_edited

    out = Path(output)
    for n, (image, label) in enumerate(zip(result.images, result.labels, strict=True), 1):
        path = out if n == 1 else out.with_stem(f"{out.stem}-{n}")
        save_edited(image, path, quality)
        print(f"{path}: {label}")
    tell(*result.notes)


def tell(*notes: str) -> None:
    """Each note in a line of its own, beside the output."""
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


def change_folder(edit: Callable, options: argparse.Namespace, drawings: dict[str, str | None], done: str) -> None:
    from scfegan_hf.editing.folder import REPORT, edit_folder

    saved = {"ending": f".{options.format.lower()}", "quality": options.quality}
    report = edit_folder(edit, options.photo, options.output, drawings, **saved)
    print(
        f"{len(report['edited'])} photographs {done}, {len(report['there_already'])} were there already, "
        f"{len(report['left_out'])} left out; see {Path(options.output) / REPORT}."
    )
