"""`scfegan edit | complete | trace | mask`: a photograph and a drawing on it."""

import argparse
from pathlib import Path

from scfegan_hf.commands.options import (
    JPEG_NOTE,
    change_folder,
    check_format,
    describe_results,
    growth,
    save_all,
    tell,
    whole,
)


def describe(commands: argparse._SubParsersAction) -> None:
    """Add `edit`, `complete`, `trace`, `mask`."""
    _describe_edit(commands)
    _describe_complete(commands)
    _describe_trace(commands)
    _describe_mask(commands)


def _describe_edit(commands: argparse._SubParsersAction) -> None:
    edit = commands.add_parser("edit", help="edit a photograph, or a folder of them")
    edit.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    edit.add_argument(
        "--mode",
        choices=("redraw", "recolor"),
        default="redraw",
        help="redraw what the mask erases, or keep it and recolor the parts that --color touches (default redraw)",
    )
    by_name = "or a folder of them, named as the photos"
    edit.add_argument("--mask", help=f"picture of the photo's size, white where to repaint, {by_name}; not needed to recolor")
    edit.add_argument("--sketch", help="picture of the photo's size with white lines, or a folder")
    edit.add_argument("--color", help="RGBA picture of the photo's size, opaque where a colour is wanted, or a folder")
    edit.add_argument(
        "--invert",
        action=argparse.BooleanOptionalAction,
        help="black in the mask is what to repaint; --no-invert: white is, also where it is over half of the picture",
    )
    edit.add_argument(
        "--grow", type=growth, default=0, metavar="PIXELS", help='add to the mask all around; "auto": what a tight one needs'
    )
    edit.add_argument(
        "--free-colors", action="store_true", help="painted colours as they are in a photo that is grey or of one tint too"
    )
    edit.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    edit.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    edit.add_argument("--no-detail", action="store_true", help="the network's answer as it is, without the photo's texture")
    edit.add_argument(
        "--to-the-letter", action="store_true", help="follow lines and dabs as they are, instead of asking what they mean"
    )
    describe_results(edit)
    edit.set_defaults(run=_edit)


def _describe_complete(commands: argparse._SubParsersAction) -> None:
    complete = commands.add_parser("complete", help="fill an erased part of a face without a drawing, in several ways")
    complete.add_argument("photo")
    complete.add_argument("--mask", required=True, help="picture of the photo's size, white where to fill")
    complete.add_argument("-n", "--number", type=whole(1, 4), default=1, help="of guesses, 1 to 4 (default 1)")
    complete.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="0 begins with the likeliest guess (default)")
    complete.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    complete.add_argument(
        "--search",
        choices=("faces", "dcgan"),
        help="fill by a search for a generator's face that agrees with the rest, and not by the editing network: the package's "
        "faces, or a DCGAN of your own in --model",
    )
    complete.add_argument("--steps", type=whole(0, 10_000), help="of the search (default: 24, of a DCGAN 300)")
    complete.add_argument(
        "--out-interval", "--out_interval", type=whole(0, 10_000), default=0, metavar="STEPS",
        help="of the search, write a picture every so many steps too (default 0: the last alone)",
    )  # fmt: skip
    complete.add_argument("--quality", type=whole(1, 100), help="of a JPEG, 1 to 100 (default: the photo's own, or 95)")
    complete.add_argument(
        "-o", "--output", required=True, help="file to write; further guesses get -2 and so on in their names"
    )
    complete.set_defaults(run=_complete)


def _describe_trace(commands: argparse._SubParsersAction) -> None:
    trace = commands.add_parser("trace", help="a sketch of a photograph, to start drawing from")
    trace.add_argument("photo")
    trace.add_argument("--level", type=whole(1, 255), default=60, help="1 to 255; higher keeps fewer lines (default 60)")
    trace.add_argument("-o", "--output", required=True, help="PNG file to write, white lines on black")
    trace.set_defaults(run=_trace)


def _describe_mask(commands: argparse._SubParsersAction) -> None:
    mask = commands.add_parser("mask", help="a mask of the part of a face at a pixel")
    mask.add_argument("photo")
    mask.add_argument("--at", type=whole(0), nargs=2, required=True, metavar=("X", "Y"), help="a pixel on the part")
    mask.add_argument("-o", "--output", required=True, help="PNG file to write, white on black")
    mask.set_defaults(run=_mask)


def _edit(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.pipeline import FaceEditPipeline

    form, whole_folder = check_format(options), Path(options.photo).is_dir()
    # For one edit, what starts soonest.
    runtime = None if whole_folder else "pytorch"
    pipe = FaceEditPipeline.from_pretrained(options.model, runtime=runtime)
    how = {"mode": options.mode, "seed": options.seed, "invert": options.invert, "detail": not options.no_detail}
    how |= {"grow": options.grow, "keep_tint": not options.free_colors, "guess": not options.to_the_letter}
    drawings = {"mask": options.mask, "sketch": options.sketch, "color": options.color}
    if not whole_folder:
        result = pipe(options.photo, **drawings, **how)
        result.save(options.output, options.quality)
        return tell(*result.notes, *([JPEG_NOTE] if form == "JPEG" else []))
    change_folder(lambda photo, drawn: pipe(photo, **drawn, **how), options, drawings, "edited")


def _complete(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.saving import format_of

    format_of(options.output)  # before the work is done
    if options.search:
        from scfegan_hf.editing.latent_search import FaceSearch

        search = FaceSearch.from_pretrained(options.model, options.search)
        how = {"seed": options.seed, "steps": options.steps, "out_interval": options.out_interval}
        return save_all(search(options.photo, options.mask, **how), options.output, options.quality)
    from scfegan_hf.editing.pipeline import FaceEditPipeline

    pipe = FaceEditPipeline.from_pretrained(options.model, runtime="pytorch")
    result = pipe(options.photo, options.mask, seed=options.seed, num_candidates=options.number)
    save_all(result, options.output, options.quality)


def _trace(options: argparse.Namespace) -> None:
    from PIL import Image

    from scfegan_hf.editing.looking import trace
    from scfegan_hf.editing.saving import save_png

    save_png(Image.fromarray(trace(options.photo, options.level)), options.output)


def _mask(options: argparse.Namespace) -> None:
    from PIL import Image

    from scfegan_hf.editing.looking import part
    from scfegan_hf.editing.saving import save_png

    name, mask = part(options.photo, tuple(options.at))
    save_png(Image.fromarray(mask), options.output)
    print(f"{name}: {(mask > 0).mean():.1%} of the photograph.")
