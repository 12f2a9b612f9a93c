"""The command line: `scfegan prepare | edit | face | enlarge | trace | mask | convert | evaluate | export | demo`.

Errors of the user's making are one line.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

JPEG_NOTE = "A JPEG changes pixels outside the mask a little; a name that ends in .png keeps them."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ModuleNotFoundError as error:
        extras = "cluster" if error.name == "ray" else "demo,prepare,train,export,web"
        print(f"error: {error}. Install what this command needs: pip install 'scfegan_hf[{extras}]'", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


REFINER_HELP = 'of a second network, or "none" (default: the one beside the model, if any)'


def _refiner(text: str) -> str | bool:
    return False if text == "none" else text


def _growth(text: str) -> int | str:
    return text if text == "auto" else _whole(0, 10_000)(text)


def _whole(low: int, high: int | None = None) -> Callable[[str], int]:
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scfegan", description="Edit a face by drawing on it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for describe in (
        _describe_prepare,
        _describe_edit,
        _describe_face,
        _describe_enlarge,
        _describe_trace,
        _describe_mask,
        _describe_convert,
        _describe_evaluate,
        _describe_export,
        _describe_demo,
    ):
        describe(commands)
    return parser


def _describe_prepare(commands: argparse._SubParsersAction) -> None:
    prepare = commands.add_parser("prepare", help="make training inputs from a folder of photographs")
    prepare.add_argument("photos", help="folder with pictures, searched deeply")
    prepare.add_argument("out", help="folder for the Parquet shards and report.json")
    prepare.add_argument("--size", type=_whole(64, 4096), default=512, help="side of the prepared squares (default 512)")
    prepare.add_argument("--no-align", action="store_true", help="the photographs are aligned already, as FFHQ is")
    by_default = "the default is the package's own annotator"
    prepare.add_argument("--edges", default="annotator", metavar="FILE", help=f'ONNX edge network, or "canny"; {by_default}')
    prepare.add_argument(
        "--landmarks", default="annotator", metavar="FILE", help=f'ONNX network of 98 WFLW landmarks, or "none"; {by_default}'
    )
    prepare.add_argument(
        "--regions", default="annotator", metavar="FILE", help=f'ONNX network of skin, clothes, hair, or "none"; {by_default}'
    )
    prepare.add_argument(
        "--validation",
        nargs="*",
        default=["*0"],
        metavar="PATTERN",
        help="file names, without ending, to hold out (default *0)",
    )
    prepare.add_argument("--num-proc", type=_whole(1, 1024), help="processes (default: all cores, a cluster's too)")
    prepare.add_argument("--shard-size", type=_whole(1, 10**6), default=64, help="photographs to a Parquet file (default 64)")
    prepare.add_argument("--engine", choices=("local", "ray"), default="local", help="this machine, or a Ray cluster")
    prepare.add_argument(
        "--address", default="auto", help="of the cluster, as HOST:PORT (default auto: the one this machine belongs to)"
    )
    prepare.set_defaults(run=_prepare)


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
        "--grow", type=_growth, default=0, metavar="PIXELS", help='add to the mask all around; "auto": what a tight one needs'
    )
    edit.add_argument(
        "--free-colors", action="store_true", help="painted colours as they are in a photo that is grey or of one tint too"
    )
    edit.add_argument("--seed", type=_whole(0, 2**31 - 1), default=0)
    edit.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    edit.add_argument("--refiner", type=_refiner, default=True, metavar="FOLDER", help=REFINER_HELP)
    edit.add_argument("--no-detail", action="store_true", help="the network's answer as it is, without the photo's texture")
    edit.add_argument("--quality", type=_whole(1, 100), help="of a JPEG, 1 to 100 (default: the photo's own, or 95)")
    edit.add_argument("--format", default="png", help="for a folder: png, jpg, tif or webp (default png)")
    edit.add_argument(
        "-o", "--output", required=True, help="file to write, as PNG, TIFF, lossless WebP or JPEG by its ending; or a folder"
    )
    edit.set_defaults(run=_edit)


def _describe_face(commands: argparse._SubParsersAction) -> None:
    face = commands.add_parser("face", help="a face from lines and dabs of colour alone")
    face.add_argument("lines", help="picture of a drawn face: dark on white, light on black, or opaque on nothing")
    face.add_argument("--color", help="RGBA picture of the same shape, opaque where a colour is wanted")
    face.add_argument("--seed", type=_whole(0, 2**31 - 1), default=0, help="another one makes up the rest otherwise")
    face.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    face.add_argument("--small", action="store_true", help="as large as the network made it, not enlarged to 512 pixels")
    face.add_argument("-o", "--output", required=True, help="file to write, as PNG, TIFF, lossless WebP or JPEG by its ending")
    face.set_defaults(run=_face)


def _describe_enlarge(commands: argparse._SubParsersAction) -> None:
    enlarge = commands.add_parser("enlarge", help="a photograph two or four times as wide and high, or a folder of them")
    enlarge.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    enlarge.add_argument("--scale", type=int, choices=(2, 4), default=2, help="2 or 4 (default 2)")
    enlarge.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    enlarge.add_argument("--quality", type=_whole(1, 100), help="of a JPEG, 1 to 100 (default: the photo's own, or 95)")
    enlarge.add_argument("--format", default="png", help="for a folder: png, jpg, tif or webp (default png)")
    enlarge.add_argument(
        "-o", "--output", required=True, help="file to write, as PNG, TIFF, lossless WebP or JPEG by its ending; or a folder"
    )
    enlarge.set_defaults(run=_enlarge)


def _describe_trace(commands: argparse._SubParsersAction) -> None:
    trace = commands.add_parser("trace", help="a sketch of a photograph, to start drawing from")
    trace.add_argument("photo")
    trace.add_argument("--level", type=_whole(1, 255), default=60, help="1 to 255; higher keeps fewer lines (default 60)")
    trace.add_argument("-o", "--output", required=True, help="PNG file to write, white lines on black")
    trace.set_defaults(run=_trace)


def _describe_mask(commands: argparse._SubParsersAction) -> None:
    mask = commands.add_parser("mask", help="a mask of the part of a face at a pixel")
    mask.add_argument("photo")
    mask.add_argument("--at", type=_whole(0), nargs=2, required=True, metavar=("X", "Y"), help="a pixel on the part")
    mask.add_argument("-o", "--output", required=True, help="PNG file to write, white on black")
    mask.set_defaults(run=_mask)


def _describe_convert(commands: argparse._SubParsersAction) -> None:
    convert = commands.add_parser("convert", help="a release from a training checkpoint: averaged weights, config, card")
    convert.add_argument("checkpoint", help="a step-* folder, or a training's output folder for its newest")
    convert.add_argument("out", help="folder for the release")
    convert.add_argument("--dtype", choices=("fp32", "fp16"), default="fp32", help="of the stored weights (default fp32)")
    convert.set_defaults(run=_convert)


def _describe_evaluate(commands: argparse._SubParsersAction) -> None:
    evaluate = commands.add_parser("evaluate", help="the benchmark of edits on prepared validation faces")
    evaluate.add_argument("data", nargs="+", help="folders that `scfegan prepare` wrote, or Hub datasets like them")
    evaluate.add_argument("--out", required=True, help="folder for report.md, report.json and sheet.png")
    evaluate.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="folder or Hub repository in place of the weights in the package; with a name: one more row, may be repeated",
    )
    evaluate.add_argument("--faces", type=_whole(1, 10**6), default=20, help="faces, up to 13 tasks each (default 20)")
    evaluate.add_argument("--tasks", nargs="+", metavar="TASK", help="only these, such as mouth hair free-form-20 whole-face")
    evaluate.add_argument("--guidance", nargs="+", metavar="KIND", help="only these of: none sketch color both altered")
    evaluate.add_argument("--feature-weights", metavar="FILE", help="SqueezeNet safetensors for figures of its features")
    evaluate.add_argument("--lpips-weights", metavar="FILE", help="safetensors of AlexNet with LPIPS's heads, for LPIPS")
    evaluate.add_argument("--seed", type=_whole(0, 2**31 - 1), default=0)
    evaluate.add_argument(
        "--by-hand", action="store_true", help="features drawn and painted as people do, not as an edge detector sees them"
    )
    evaluate.add_argument("--no-detail", action="store_true", help="one more row of each model: without the detail pass")
    evaluate.add_argument("--recolor", action="store_true", help="measure recolouring, beside redrawing, in place of the tasks")
    evaluate.set_defaults(run=_evaluate)


def _describe_export(commands: argparse._SubParsersAction) -> None:
    export = commands.add_parser("export", help="an edit as one file that runs without PyTorch, or the app as a static site")
    kind = export.add_mutually_exclusive_group(required=True)
    kind.add_argument("--onnx", metavar="OUT", help="ONNX file to write")
    kind.add_argument("--web", metavar="DIR", help="folder for the app as a site that needs no server; npm fetches its runtime")
    export.add_argument("--runtime", metavar="TGZ", help="with --web: the runtime's npm package, where npm is not to fetch it")
    export.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    export.add_argument("--refiner", type=_refiner, default=True, metavar="FOLDER", help=f"with --onnx: {REFINER_HELP}")
    export.set_defaults(run=_export)


def _describe_demo(commands: argparse._SubParsersAction) -> None:
    demo = commands.add_parser("demo", help="the web app")
    demo.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    demo.add_argument("--refiner", type=_refiner, default=True, metavar="FOLDER", help=REFINER_HELP)
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=_whole(1, 65535), default=7860)
    demo.add_argument("--share", action="store_true", help="also at a public address of gradio.live, for three days at most")
    demo.add_argument("--device", help="cpu, cuda, mps (default: cuda where there is one, else cpu)")
    demo.add_argument("--max-queue", type=_whole(1, 1000), default=20, help="edits that may wait (default 20)")
    demo.set_defaults(run=_demo)


def _prepare(options: argparse.Namespace) -> None:
    from scfegan_hf.faces.annotate import bundled
    from scfegan_hf.faces.prepare import PrepareOptions, prepare_folder

    settings = PrepareOptions(options.size, not options.no_align, options.edges, options.landmarks, options.regions)
    report = prepare_folder(
        options.photos,
        options.out,
        settings,
        tuple(options.validation),
        options.num_proc,
        options.shard_size,
        make_annotator=bundled,
        ray_address=options.address if options.engine == "ray" else None,
    )
    print(
        f"{report['prepared']} photographs prepared, {len(report['left_out'])} left out; "
        f"see {Path(options.out) / 'report.json'}."
    )


def _edit(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.pipeline import FaceEditPipeline
    from scfegan_hf.editing.saving import format_of

    whole_folder = Path(options.photo).is_dir()
    form = format_of(f"result.{options.format}" if whole_folder else options.output)  # before the work is done
    # For one edit, what starts soonest.
    runtime = None if whole_folder else "pytorch"
    pipe = FaceEditPipeline.from_pretrained(options.model, runtime=runtime, refiner=options.refiner)
    how = {"mode": options.mode, "seed": options.seed, "invert": options.invert, "detail": not options.no_detail}
    how |= {"grow": options.grow, "keep_tint": not options.free_colors}
    drawings = {"mask": options.mask, "sketch": options.sketch, "color": options.color}
    if not whole_folder:
        result = pipe(options.photo, **drawings, **how)
        result.save(options.output, options.quality)
        for note in (*result.notes, *([JPEG_NOTE] if form == "JPEG" else [])):
            print(f"note: {note}", file=sys.stderr)
        return
    _whole_folder(lambda photo, drawn: pipe(photo, **drawn, **how), options, drawings, "edited")


def _whole_folder(edit: Callable, options: argparse.Namespace, drawings: dict[str, str | None], done: str) -> None:
    from scfegan_hf.editing.folder import REPORT, edit_folder

    saved = {"ending": f".{options.format.lower()}", "quality": options.quality}
    report = edit_folder(edit, options.photo, options.output, drawings, **saved)
    print(
        f"{len(report['edited'])} photographs {done}, {len(report['there_already'])} were there already, "
        f"{len(report['left_out'])} left out; see {Path(options.output) / REPORT}."
    )


def _face(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.lines import FaceFromLines
    from scfegan_hf.editing.saving import format_of

    format_of(options.output)  # before the work is done
    make = FaceFromLines.from_pretrained(options.model, enlarge=not options.small)
    make(options.lines, options.color, seed=options.seed).save(options.output)


def _enlarge(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.enlarging import PhotoEnlarging
    from scfegan_hf.editing.saving import format_of

    whole_folder = Path(options.photo).is_dir()
    format_of(f"result.{options.format}" if whole_folder else options.output)  # before the work is done
    enlarge = PhotoEnlarging.from_pretrained(options.model)
    if whole_folder:
        return _whole_folder(lambda photo, drawn: enlarge(photo, options.scale), options, {}, "enlarged")
    result = enlarge(options.photo, options.scale)
    result.save(options.output, options.quality)
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)


def _trace(options: argparse.Namespace) -> None:
    from PIL import Image

    from scfegan_hf.editing.pipeline import trace
    from scfegan_hf.editing.saving import save_png

    save_png(Image.fromarray(trace(options.photo, options.level)), options.output)


def _convert(options: argparse.Namespace) -> None:
    from scfegan_hf.recipes import recipe_of
    from scfegan_hf.training.release.convert import convert

    source = convert(options.checkpoint, options.out, lambda settings: recipe_of(settings).card(), options.dtype)
    print(f"{options.out} holds the averaged weights of {source}.")


def _mask(options: argparse.Namespace) -> None:
    from PIL import Image

    from scfegan_hf.editing.pipeline import part
    from scfegan_hf.editing.saving import save_png

    name, mask = part(options.photo, tuple(options.at))
    save_png(Image.fromarray(mask), options.output)
    print(f"{name}: {(mask > 0).mean():.1%} of the photograph.")


def _evaluate(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.benchmark.command import evaluate, evaluate_recoloring
    from scfegan_hf.editing.benchmark.tasks import GUIDANCE, TASKS

    if options.recolor:
        if len(options.model) > 1:
            raise ValueError("--recolor compares recolouring with redrawing by one model. Give --model once.")
        print(evaluate_recoloring(options.data, options.out, *options.model, faces=options.faces, seed=options.seed))
        return
    names, guidance = options.tasks or TASKS, options.guidance or GUIDANCE
    how = {"feature_weights": options.feature_weights, "seed": options.seed, "by_hand": options.by_hand}
    how |= {"no_detail": options.no_detail, "lpips_weights": options.lpips_weights}
    print(evaluate(options.data, options.out, options.model, options.faces, names, guidance, **how))


def _export(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.export import export_onnx
    from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
    from scfegan_hf.models.cascade import load_editor

    if options.web:
        from scfegan_hf.demo.web import export_web

        export_web(options.web, options.model, options.runtime)
    elif options.runtime:
        raise ValueError("--runtime goes with --web: an ONNX file holds no runtime.")
    else:
        export_onnx(load_editor(options.model or BUNDLED_WEIGHTS, options.refiner), options.onnx)


def _demo(options: argparse.Namespace) -> None:
    from scfegan_hf.demo import launch

    launch(
        model=options.model,
        refiner=options.refiner,
        device=options.device,
        host=options.host,
        port=options.port,
        share=options.share,
        max_queue=options.max_queue,
    )


if __name__ == "__main__":
    sys.exit(main())
