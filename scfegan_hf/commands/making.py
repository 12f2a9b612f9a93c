"""`scfegan face | doodle | sample | enlarge`: pictures that were not there, from lines, from nothing or from smaller ones."""

import argparse
from pathlib import Path

from scfegan_hf.commands.options import change_folder, check_format, describe_results, number, save_all, tell, whole


def describe(commands: argparse._SubParsersAction) -> None:
    """Add `face`, `doodle`, `sample`, `enlarge`."""
    _describe_face(commands)
    _describe_doodle(commands)
    _describe_sample(commands)
    _describe_enlarge(commands)


def _describe_face(commands: argparse._SubParsersAction) -> None:
    face = commands.add_parser("face", help="a face from lines and dabs of colour alone")
    face.add_argument("lines", help="picture of a drawn face: dark on white, light on black, or opaque on nothing")
    face.add_argument("--color", help="RGBA picture of the same shape, opaque where a colour is wanted")
    face.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="another one makes up the rest otherwise")
    face.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    face.add_argument("--small", action="store_true", help="as large as the network made it, not enlarged to 512 pixels")
    face.add_argument("-o", "--output", required=True, help="file to write, as PNG, TIFF, lossless WebP or JPEG by its ending")
    face.set_defaults(run=_face)


def _describe_doodle(commands: argparse._SubParsersAction) -> None:
    doodle = commands.add_parser("doodle", help="faces that a doodle may mean")
    doodle.add_argument("drawing", help="picture of a face drawn in some seconds, dark on white or light on black")
    _describe_made(doodle, "folder or Hub repository of the doodle's network", 0.6)
    doodle.set_defaults(run=_doodle)


def _describe_sample(commands: argparse._SubParsersAction) -> None:
    sample = commands.add_parser("sample", help="faces that do not exist")
    _describe_made(sample, "folder or Hub repository", 0.7)
    sample.set_defaults(run=_sample)


def _describe_made(command: argparse.ArgumentParser, model: str, bold: float) -> None:
    command.add_argument("-n", "--number", type=whole(1, 4), default=1, help="of faces, 1 to 4 (default 1)")
    command.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="another one makes other faces")
    words = f"0 to 1, how far from the usual face (default {bold})"
    command.add_argument("--boldness", type=number(0, 1), default=bold, help=words)
    command.add_argument("--model", help=f"{model} (default: the weights in the package)")
    command.add_argument("--small", action="store_true", help="as large as the network made it, not enlarged to 512 pixels")
    command.add_argument("-o", "--output", required=True, help="file to write; further faces get -2 and so on in their names")


def _describe_enlarge(commands: argparse._SubParsersAction) -> None:
    enlarge = commands.add_parser("enlarge", help="a photograph two or four times as wide and high, or a folder of them")
    enlarge.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    enlarge.add_argument("--scale", type=int, choices=(2, 4), default=2, help="2 or 4 (default 2)")
    enlarge.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    describe_results(enlarge)
    enlarge.set_defaults(run=_enlarge)


def _face(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.lines import FaceFromLines
    from scfegan_hf.editing.saving import format_of

    format_of(options.output)  # before the work is done
    make = FaceFromLines.from_pretrained(options.model, enlarge=not options.small)
    make(options.lines, options.color, seed=options.seed).save(options.output)


def _doodle(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.made_faces import FaceFromDoodle
    from scfegan_hf.editing.saving import format_of

    format_of(options.output)  # before the work is done
    make = FaceFromDoodle.from_pretrained(options.model, enlarge=not options.small)
    how = {"seed": options.seed, "num_faces": options.number, "boldness": options.boldness}
    save_all(make(options.drawing, **how), options.output)


def _sample(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.made_faces import FaceSampler
    from scfegan_hf.editing.saving import format_of

    format_of(options.output)  # before the work is done
    make = FaceSampler.from_pretrained(options.model, enlarge=not options.small)
    save_all(make(seed=options.seed, num_faces=options.number, boldness=options.boldness), options.output)


def _enlarge(options: argparse.Namespace) -> None:
    from scfegan_hf.editing.enlarging import PhotoEnlarging

    check_format(options)
    enlarge = PhotoEnlarging.from_pretrained(options.model)
    if Path(options.photo).is_dir():
        return change_folder(lambda photo, drawn: enlarge(photo, options.scale), options, {}, "enlarged")
    result = enlarge(options.photo, options.scale)
    result.save(options.output, options.quality)
    tell(*result.notes)
