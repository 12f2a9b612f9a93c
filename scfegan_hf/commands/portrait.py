"""`scfegan makeup | smile | style | studio`: faces changed as a whole, without a drawing."""

import argparse
from pathlib import Path

from scfegan_hf.commands.options import JPEG_NOTE, change_folder, check_format, describe_results, number, tell, whole
from scfegan_hf.portrait.age import MOST_FEATURES, MOST_YEARS
from scfegan_hf.portrait.attributes import MOST
from scfegan_hf.portrait.style import DEFAULT_STYLE, style_and_strength

STYLE_HELP = "painterly, golden, teal, noir, neon, blue, or a picture to paint like; with a strength: painterly=.7"
COLORS = {"lips": "of the lips", "shadow": "of the upper lids", "liner": "of the line along the lids", "blush": "of the cheeks"}
COLORS["foundation"] = "of the skin, which it evens out"


def describe(commands: argparse._SubParsersAction) -> None:
    """Add `makeup`, `smile`, `style`, `studio`."""
    makeup = commands.add_parser("makeup", help="make-up by colours or from another photograph, or none; for a folder too")
    makeup.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    makeup.add_argument("--reference", metavar="PHOTO", help="a photograph of a face whose make-up is to come over")
    makeup.add_argument("--remove", action="store_true", help="take off what make-up there is")
    _describe_look(makeup)
    makeup.add_argument("--parts", nargs="+", metavar="PART", help="only these of: lips eyes cheeks foundation")
    makeup.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    describe_results(makeup)
    makeup.set_defaults(run=_makeup)
    smile = commands.add_parser("smile", help="a face that smiles more, or less, by a number; for a folder too")
    smile.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    _describe_smile(smile)
    smile.add_argument("--all-faces", action="store_true", help="every face of a photograph, not the largest alone")
    smile.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    describe_results(smile)
    smile.set_defaults(run=_smile)
    style = commands.add_parser("style", help="a photo painted in a style, or like another picture; for a folder too")
    style.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    style.add_argument("--style", default=DEFAULT_STYLE, metavar="STYLE", help=STYLE_HELP + f" (default {DEFAULT_STYLE})")
    style.add_argument("--model", help="folder or Hub repository (default: the weights in the package)")
    describe_results(style)
    style.set_defaults(run=_style)
    studio = commands.add_parser(
        "studio", help="age, features, smile, make-up, hair colour, style and enlargement in one go; for a folder too"
    )
    studio.add_argument("photo", help="picture, or a folder of pictures, searched deeply")
    starts = ("photo", "lines", "doodle")
    studio.add_argument("--from", dest="start", choices=starts, default="photo", help="what the picture is (default photo)")
    studio.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="of a face from lines or a doodle")
    words = f"years older, or less than 0 younger, {-MOST_YEARS:g} to {MOST_YEARS:g} (default 0)"
    studio.add_argument("--age", type=number(-MOST_YEARS, MOST_YEARS), default=0.0, metavar="YEARS", help=words)
    words = f"more feminine ({-MOST_FEATURES:g}) or more masculine ({MOST_FEATURES:g}) features (default 0)"
    studio.add_argument("--features", type=number(-MOST_FEATURES, MOST_FEATURES), default=0.0, help=words)
    _describe_smile(studio)
    studio.add_argument("--makeup", metavar="PHOTO", help="a photograph of a face whose make-up is to come over")
    studio.add_argument("--remove-makeup", action="store_true", help="take off what make-up there is")
    _describe_look(studio)
    studio.add_argument("--hair", metavar="COLOR", help='the hair\'s new colour: a name, or "#rrggbb"')
    studio.add_argument("--style", metavar="STYLE", help=STYLE_HELP)
    studio.add_argument("--upscale", type=int, choices=(1, 2, 4), default=1, help="how many times as large (default 1)")
    describe_results(studio)
    studio.set_defaults(run=_studio)


def _describe_smile(command: argparse.ArgumentParser) -> None:
    words = f"how much more of a smile, {-MOST:g} to {MOST:g} (default 0)"
    command.add_argument("--smile", type=number(-MOST, MOST), default=0.0, help=words)


def _describe_look(command: argparse.ArgumentParser) -> None:
    """Colours of make-up, and what holds for make-up from a photograph too."""
    for layer, what in COLORS.items():
        command.add_argument(f"--{layer}", metavar="COLOR", help=f'the colour {what}: a name, or "#rrggbb"')
    command.add_argument("--strength", type=number(0, 1.5), default=1.0, help="of the make-up, 0 to 1.5 (default 1)")
    command.add_argument("--all-faces", action="store_true", help="every face of a photograph, not the largest alone")


def _colors(options: argparse.Namespace) -> dict[str, str]:
    return {layer: getattr(options, layer) for layer in COLORS if getattr(options, layer) is not None}


def _makeup(options: argparse.Namespace) -> None:
    from scfegan_hf.faces.makeup import Look, layers_of
    from scfegan_hf.portrait.makeup import MakeupPipeline

    form = check_format(options)
    layers_of(options.parts)  # before the work is done
    colors = _colors(options)
    if bool(colors) + options.remove + (options.reference is not None) != 1:
        raise ValueError("Give colours (--lips, --shadow, --liner, --blush, --foundation), or --reference, or --remove.")
    how = {"remove": options.remove, "strength": options.strength, "parts": options.parts}
    how |= {"face": "all" if options.all_faces else None, "reference": options.reference}
    if colors:
        pipe, how["look"] = MakeupPipeline(), Look(**colors)
    else:
        pipe = MakeupPipeline.from_pretrained(options.model)
    if Path(options.photo).is_dir():
        return change_folder(lambda photo, drawn: pipe(photo, **how), options, {}, "made up")
    result = pipe(options.photo, **how)
    result.save(options.output, options.quality)
    tell(*result.notes, *([JPEG_NOTE] if form == "JPEG" else []))


def _smile(options: argparse.Namespace) -> None:
    from scfegan_hf.portrait.attributes import NOTHING, AttributePipeline

    form, wishes = check_format(options), {"smile": options.smile}
    if not options.smile:
        raise ValueError(NOTHING)
    pipe, face = AttributePipeline.from_pretrained(options.model), "all" if options.all_faces else None
    if Path(options.photo).is_dir():
        return change_folder(lambda photo, drawn: pipe(photo, **wishes, face=face), options, {}, "changed")
    result = pipe(options.photo, **wishes, face=face)
    result.save(options.output, options.quality)
    tell(*result.notes, *([JPEG_NOTE] if form == "JPEG" else []))


def _style(options: argparse.Namespace) -> None:
    from scfegan_hf.portrait.style import StylePipeline

    form, (style, strength) = check_format(options), style_and_strength(options.style)
    pipe = StylePipeline.from_pretrained(options.model)
    if Path(options.photo).is_dir():
        return change_folder(lambda photo, drawn: pipe(photo, style, strength=strength), options, {}, "painted")
    result = pipe(options.photo, style, strength=strength)
    result.save(options.output, options.quality)
    tell(*result.notes, *([JPEG_NOTE] if form == "JPEG" else []))


def _studio(options: argparse.Namespace) -> None:
    from scfegan_hf.faces.makeup import Look
    from scfegan_hf.portrait.studio import Studio

    form, colors = check_format(options), _colors(options)
    look = Look(**colors) if colors else None
    wishes = dict(makeup=options.makeup, look=look, remove_makeup=options.remove_makeup, strength=options.strength)
    wishes |= dict(age=options.age, features=options.features, smile=options.smile, start=options.start, seed=options.seed)
    wishes |= dict(hair=options.hair, upscale=options.upscale, face="all" if options.all_faces else None)
    if options.style is not None:
        wishes["style"], wishes["style_strength"] = style_and_strength(options.style)
    studio = Studio()
    if Path(options.photo).is_dir():
        return change_folder(lambda photo, drawn: studio(photo, **wishes), options, {}, "changed")
    result = studio(options.photo, **wishes)
    result.save(options.output, options.quality)
    tell(*result.notes, *([JPEG_NOTE] if form == "JPEG" else []))
