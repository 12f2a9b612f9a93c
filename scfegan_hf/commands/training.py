"""`scfegan prepare | convert | evaluate`: before, after and about training."""

import argparse
from pathlib import Path

from scfegan_hf.commands.options import whole


def describe(commands: argparse._SubParsersAction) -> None:
    """Add `prepare`, `convert`, `evaluate`."""
    _describe_prepare(commands)
    _describe_convert(commands)
    _describe_evaluate(commands)


def _describe_prepare(commands: argparse._SubParsersAction) -> None:
    prepare = commands.add_parser("prepare", help="make training inputs from a folder of photographs")
    prepare.add_argument("photos", help="folder with pictures, searched deeply")
    prepare.add_argument("out", help="folder for the Parquet shards and report.json")
    prepare.add_argument("--size", type=whole(64, 4096), default=512, help="side of the prepared squares (default 512)")
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
    prepare.add_argument("--num-proc", type=whole(1, 1024), help="processes (default: all cores, a cluster's too)")
    prepare.add_argument("--shard-size", type=whole(1, 10**6), default=64, help="photographs to a Parquet file (default 64)")
    prepare.add_argument("--engine", choices=("local", "ray"), default="local", help="this machine, or a Ray cluster")
    prepare.add_argument(
        "--address", default="auto", help="of the cluster, as HOST:PORT (default auto: the one this machine belongs to)"
    )
    prepare.set_defaults(run=_prepare)


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
    evaluate.add_argument("--faces", type=whole(1, 10**6), default=20, help="faces, up to 13 tasks each (default 20)")
    evaluate.add_argument("--tasks", nargs="+", metavar="TASK", help="only these, such as mouth hair free-form-20 whole-face")
    evaluate.add_argument("--guidance", nargs="+", metavar="KIND", help="only these of: none sketch color both altered")
    evaluate.add_argument("--feature-weights", metavar="FILE", help="SqueezeNet safetensors for figures of its features")
    evaluate.add_argument("--lpips-weights", metavar="FILE", help="safetensors of AlexNet with LPIPS's heads, for LPIPS")
    evaluate.add_argument("--seed", type=whole(0, 2**31 - 1), default=0)
    evaluate.add_argument(
        "--by-hand", action="store_true", help="features drawn and painted as people do, not as an edge detector sees them"
    )
    evaluate.add_argument("--no-detail", action="store_true", help="one more row of each model: without the detail pass")
    evaluate.add_argument("--drafts", action="store_true", help="one more row of each model: by what drawings mean")
    evaluate.add_argument("--recolor", action="store_true", help="measure recolouring, beside redrawing, in place of the tasks")
    evaluate.set_defaults(run=_evaluate)


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


def _convert(options: argparse.Namespace) -> None:
    from scfegan_hf.recipes import recipe_of
    from scfegan_hf.training.release.convert import convert

    source = convert(options.checkpoint, options.out, lambda settings: recipe_of(settings).card(), options.dtype)
    print(f"{options.out} holds the averaged weights of {source}.")


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
    how |= {"no_detail": options.no_detail, "drafts": options.drafts, "lpips_weights": options.lpips_weights}
    print(evaluate(options.data, options.out, options.model, options.faces, names, guidance, **how))
