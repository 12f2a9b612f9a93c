"""What the endpoint /studio and the page's styles do: files, words and numbers in, a picture or an error in words out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scfegan_hf.demo.makeup import LONGEST
from scfegan_hf.demo.payload import photo_size
from scfegan_hf.faces.makeup import Look
from scfegan_hf.portrait.looked import Looked
from scfegan_hf.portrait.result import PortraitResult
from scfegan_hf.portrait.studio import Studio

DOCUMENTATION = """Age, features, a smile, make-up, hair colour, a painter's style and enlargement of a photo of faces, in
this order. photo: picture file. Any of these: age, years from -20 to 20; features, -1 (more feminine) to 1 (more masculine);
smile, -1 (none) to 1 (wide); makeup, a picture file of a face whose make-up is to come over, or colours, each a name or
"#rrggbb", of lips, shadow, liner, blush and foundation, by makeup_strength (0 to 1.5); hair, its new colour; style:
painterly, golden, teal, noir, neon or blue, or style_picture, a picture file to paint like, by style_strength (0 to 1);
upscale: 1, 2 or 4. all_faces: every face and not the largest alone. Returns a PNG file."""


@dataclass(frozen=True)
class Wishes:
    """As they were sent: files are paths, the rest is whatever came."""

    makeup: str | None = None
    colors: Any = None
    makeup_strength: Any = 1.0
    hair: Any = None
    style: Any = None
    style_picture: str | None = None
    style_strength: Any = 1.0
    upscale: Any = 1
    all_faces: Any = False
    smile: Any = 0.0
    age: Any = 0.0
    features: Any = 0.0


def change_portrait(studio: Callable[[], Studio], photo: str | Looked, wishes: Wishes) -> PortraitResult:
    """The photo, a file or one that was looked at, with all that was wished for. Raises ValueError in words."""
    colors = {layer: color for layer, color in (wishes.colors or {}).items() if color not in (None, "")}
    for word in (*colors.values(), wishes.hair, wishes.style):
        if word is not None and (not isinstance(word, str) or len(word) > LONGEST):
            raise ValueError('Colours are names such as crimson, or "#rrggbb"; a style is a name such as painterly.')
    for name, number in (("makeup_strength", wishes.makeup_strength), ("style_strength", wishes.style_strength)):
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"{name} is a number.")
    for name, path in (("photo", photo), ("makeup", wishes.makeup), ("style_picture", wishes.style_picture)):
        if isinstance(path, str):
            photo_size(path, name)  # refuses what is too large for visitors
    chain = studio()
    names = chain.painting.names if wishes.style else ()
    if wishes.style and wishes.style not in names:
        raise ValueError(f"style is one of {', '.join(names)}, or send a picture as style_picture.")
    if wishes.style and wishes.style_picture:
        raise ValueError("Give a style or a style_picture, not both.")
    return chain(
        photo,
        age=wishes.age,
        features=wishes.features,
        smile=wishes.smile,
        makeup=wishes.makeup,
        look=Look(**colors) if colors else None,
        strength=wishes.makeup_strength,
        hair=wishes.hair or None,
        style=wishes.style or wishes.style_picture,
        style_strength=wishes.style_strength,
        upscale=wishes.upscale,
        face="all" if wishes.all_faces else None,
    )
