"""The command line: `scfegan prepare | edit | trace | evaluate | demo`. Errors of the user's making are one line."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ModuleNotFoundError as error:
        print(f"error: {error}. Install what this command needs: pip install 'scfegan_hf[demo,prepare,train]'", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scfegan", description="Edit a face by drawing on it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    prepare = commands.add_parser("prepare", help="make training inputs from a folder of photographs")
    prepare.add_argument("photos", help="folder with pictures, searched deeply")
    prepare.add_argument("out", help="folder for the Parquet shards and report.json")
    prepare.add_argument("--size", type=int, default=512, help="side of the prepared squares (default 512)")
    prepare.add_argument("--no-align", action="store_true", help="the photographs are aligned already, as FFHQ is")
    prepare.add_argument("--edges", default="canny", metavar="FILE", help='ONNX edge network, or "canny" (default)')
    prepare.add_argument("--landmarks", metavar="FILE", help="ONNX network of 98 WFLW landmarks")
    prepare.add_argument("--regions", metavar="FILE", help="ONNX network of skin, clothes and hair")
    prepare.add_argument(
        "--validation",
        nargs="*",
        default=["*0"],
        metavar="PATTERN",
        help="file names, without ending, to hold out (default *0)",
    )
    prepare.add_argument("--num-proc", type=int, help="processes (default: all cores)")
    prepare.set_defaults(run=_prepare)

    edit = commands.add_parser("edit", help="edit a photograph")
    edit.add_argument("photo")
    edit.add_argument("--mask", required=True, help="picture of the photo's size, non-zero where to repaint")
    edit.add_argument("--sketch", help="picture of the photo's size, non-zero = line")
    edit.add_argument("--color", help="RGBA picture of the photo's size, opaque where a colour is wanted")
    edit.add_argument("--seed", type=int, default=0)
    edit.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    edit.add_argument("-o", "--output", required=True, help="PNG file to write")
    edit.set_defaults(run=_edit)

    trace = commands.add_parser("trace", help="a sketch of a photograph, to start drawing from")
    trace.add_argument("photo")
    trace.add_argument("--level", type=int, default=90, help="1 to 255; higher keeps fewer lines (default 90)")
    trace.add_argument("-o", "--output", required=True, help="PNG file to write, white lines on black")
    trace.set_defaults(run=_trace)

    evaluate = commands.add_parser("evaluate", help="figures and a contact sheet on prepared validation faces")
    evaluate.add_argument("data", nargs="+", help="folders that `scfegan prepare` wrote")
    evaluate.add_argument("--out", required=True, help="folder for table.md, table.json and sheet.png")
    evaluate.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    evaluate.add_argument("--faces", type=int, default=40, help="faces, three edits each (default 40)")
    evaluate.add_argument("--feature-weights", metavar="FILE", help="SqueezeNet safetensors for the feature distance")
    evaluate.set_defaults(run=_evaluate)

    demo = commands.add_parser("demo", help="the web app")
    demo.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=int, default=7860)
    demo.add_argument("--share", action="store_true", help="also at a public address of gradio.live, for three days at most")
    demo.add_argument("--device", help="cpu, cuda, mps (default: cuda where there is one, else cpu)")
    demo.add_argument("--max-queue", type=int, default=20, help="edits that may wait; later ones are told to try again")
    demo.set_defaults(run=_demo)
    return parser


def _prepare(options: argparse.Namespace) -> None:
    from scfegan_hf.data.prepare import PrepareOptions, prepare_folder

    settings = PrepareOptions(options.size, not options.no_align, options.edges, options.landmarks, options.regions)
    report = prepare_folder(options.photos, options.out, settings, tuple(options.validation), options.num_proc)
    print(
        f"{report['prepared']} photographs prepared, {len(report['left_out'])} left out; "
        f"see {Path(options.out) / 'report.json'}."
    )


def _pipeline(model: str | None):
    from scfegan_hf.pipeline import FaceEditPipeline

    return FaceEditPipeline.from_pretrained(model)


def _edit(options: argparse.Namespace) -> None:
    result = _pipeline(options.model)(options.photo, options.mask, options.sketch, options.color, seed=options.seed)
    result.save(options.output)


def _trace(options: argparse.Namespace) -> None:
    from PIL import Image

    from scfegan_hf.photos import save_png
    from scfegan_hf.pipeline import trace

    save_png(Image.fromarray(trace(options.photo, options.level)), options.output)


def _evaluate(options: argparse.Namespace) -> None:
    import numpy as np
    from PIL import Image

    from scfegan_hf.data.datasets import load_rows
    from scfegan_hf.evaluation import edits
    from scfegan_hf.photos import save_png

    pipe = _pipeline(options.model)
    tasks = edits.make_tasks(load_rows(options.data, "validation"), options.faces)
    compared = {
        "this model": lambda task: np.asarray(pipe(task.photo, task.mask, task.sketch, task.color).image),
        "fill alone": edits.fill_alone,
        "Telea": edits.telea,
    }
    table = edits.evaluate(compared, tasks, options.feature_weights)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(edits.to_markdown(table, group) for group in edits.groups(tasks))
    (out / "table.md").write_text(text + "\n")
    (out / "table.json").write_text(edits.to_json(table))
    shown = tasks[:24]
    sheet = edits.contact_sheet(shown, {name: [edit(task) for task in shown] for name, edit in compared.items()})
    save_png(Image.fromarray(sheet), out / "sheet.png")
    print(text)


def _demo(options: argparse.Namespace) -> None:
    from scfegan_hf.demo import launch

    launch(
        model=options.model,
        device=options.device,
        host=options.host,
        port=options.port,
        share=options.share,
        max_queue=options.max_queue,
    )


if __name__ == "__main__":
    sys.exit(main())
