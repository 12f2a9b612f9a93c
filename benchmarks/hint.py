"""The three pictures of the page's first hint: a mask, a drawing in it, and what the weights of the package make of it.

    python benchmarks/hint.py PORTRAITS [--model FOLDER] [--out scfegan_hf/demo/page/hint]

PORTRAITS holds the CC0 portraits of faker-js/assets-person-portrait; the drawing is one of benchmarks/pictures.py.
"""

import argparse
from pathlib import Path

from pictures import DRAWINGS, edit, layers
from PIL import Image

from scfegan_hf.demo.samples import MASK_PAINT, SKETCH_PAINT

TITLE, SIDE = "hair", 264
OPACITY = {"mask": 179, "color": 230}  # as the page shows them


def painted(photo: Image.Image, mask: Image.Image, sketch: Image.Image | None, color: Image.Image) -> Image.Image:
    """The photograph with the drawing as the page shows it, without lines and colours where ``sketch`` is None."""
    shown = photo.copy()
    shown.paste(MASK_PAINT, mask=mask.point(lambda value: value and OPACITY["mask"]))
    if sketch is not None:
        shown.paste(color.convert("RGB"), mask=color.getchannel("A").point(lambda value: value and OPACITY["color"]))
        shown.paste(SKETCH_PAINT, mask=sketch)
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("portraits", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path, default=Path("scfegan_hf/demo/page/hint"))
    options = parser.parse_args()
    drawing = next(drawing for drawing in DRAWINGS if drawing.title == TITLE)
    path = options.portraits / f"{drawing.photo}.jpg"
    with Image.open(path) as opened:
        photo = opened.convert("RGB")
    mask, sketch, color = layers(drawing, photo)
    pictures = {
        "mask": painted(photo, mask, None, color),
        "sketch": painted(photo, mask, sketch, color),
        "edit": edit(path, mask, sketch, color, options.model),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        small = picture.crop(drawing.shown).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        small.save(options.out / f"{name}.jpg", quality=80, optimize=True)


if __name__ == "__main__":
    main()
