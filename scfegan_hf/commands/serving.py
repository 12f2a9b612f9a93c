"""`scfegan export | demo`: edits elsewhere than on this command line."""

import argparse

from scfegan_hf.commands.options import whole


def describe(commands: argparse._SubParsersAction) -> None:
    """Add `export`, `demo`."""
    _describe_export(commands)
    _describe_demo(commands)


def _describe_export(commands: argparse._SubParsersAction) -> None:
    export = commands.add_parser("export", help="an edit as one file that runs without PyTorch, or the app as a static site")
    kind = export.add_mutually_exclusive_group(required=True)
    kind.add_argument("--onnx", metavar="OUT", help="ONNX file to write")
    kind.add_argument("--web", metavar="DIR", help="folder for the app as a site that needs no server; npm fetches its runtime")
    export.add_argument("--runtime", metavar="TGZ", help="with --web: the runtime's npm package, where npm is not to fetch it")
    export.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    export.set_defaults(run=_export)


def _describe_demo(commands: argparse._SubParsersAction) -> None:
    demo = commands.add_parser("demo", help="the web app")
    demo.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    demo.add_argument("--host", default="127.0.0.1")
    demo.add_argument("--port", type=whole(1, 65535), default=7860)
    demo.add_argument("--share", action="store_true", help="also at a public address of gradio.live, for three days at most")
    demo.add_argument("--device", help="cpu, cuda, mps (default: cuda where there is one, else cpu)")
    demo.add_argument("--max-queue", type=whole(1, 1000), default=20, help="edits that may wait (default 20)")
    demo.set_defaults(run=_demo)


def _export(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.export import export_onnx
    from scfegan_hf.editing.pipeline import BUNDLED_WEIGHTS
    from scfegan_hf.models.scfegan import SCFEGANGenerator

    if options.web:
        from scfegan_hf.demo.web import export_web

        export_web(options.web, options.model, options.runtime)
    elif options.runtime:
        raise ValueError("--runtime goes with --web: an ONNX file holds no runtime.")
    else:
        export_onnx(SCFEGANGenerator.from_pretrained(options.model or BUNDLED_WEIGHTS), options.onnx)


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
