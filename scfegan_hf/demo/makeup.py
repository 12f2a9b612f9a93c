"""What the endpoint /makeup does: files, colours and numbers from anybody in, a picture or an error in words out."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from scfegan_hf.demo.payload import NOT_WHOLE, photo_size
from scfegan_hf.faces.makeup import Look
from scfegan_hf.portrait.looked import Looked
from scfegan_hf.portrait.makeup import MOST_STRENGTH, MakeupPipeline
from scfegan_hf.portrait.result import PortraitResult

DOCUMENTATION = """Make-up on the faces of a photo; everything outside lips, lids, cheeks and skin stays as it was.
photo: picture file. Then one of three: reference, a picture file of a face whose make-up is to come over; or colours, each a
name or "#rrggbb", of lips, shadow (upper lids), liner, blush and foundation; or remove=true, to take off what there is.
strength: 0 to 1.5. parts: only some of "lips eyes cheeks foundation", separated by spaces. all_faces: every face and not the
largest alone. Returns a PNG file."""
LONGEST = 40  # characters of a colour


def sent_colors(sent: Any) -> dict[str, Any]:
    """The colours that the page sent, by layer; none of none. Raises ValueError for what it never sends."""
    colors = {} if sent is None else sent
    if not isinstance(colors, dict) or not colors.keys() <= {field.name for field in fields(Look)}:
        raise ValueError(NOT_WHOLE)
    return colors


def make_up(
    network: Callable[[], MakeupPipeline],
    photo: str | Looked,
    reference: str | Looked | None,
    colors: dict[str, Any],
    remove: Any,
    strength: Any,
    parts: Any,
    all_faces: Any,
) -> PortraitResult:
    """The photo made up. ``network`` makes the pipeline that references and removal need; photos are files, or were looked at;
    ``colors``: by layer, None or "" for none. Raises ValueError in words."""
    given = {layer: color for layer, color in colors.items() if color not in (None, "")}
    if any(not isinstance(color, str) or len(color) > LONGEST for color in given.values()):
        raise ValueError('Colours are names such as crimson, or "#rrggbb".')
    if isinstance(strength, bool) or not isinstance(strength, int | float):
        raise ValueError(f"strength is a number from 0 to {MOST_STRENGTH:g}.")
    if not (parts is None or isinstance(parts, str)):
        raise ValueError("parts are words separated by spaces: lips eyes cheeks foundation.")
    if bool(given) + bool(remove) + (reference is not None) != 1:
        raise ValueError("Give one of these: a reference photo, colours, or remove=true.")
    for name, path in (("photo", photo), ("reference", reference)):
        if isinstance(path, str):
            photo_size(path, name)  # refuses what is too large for visitors
    how = {"strength": strength, "parts": parts.split() if parts else None, "face": "all" if all_faces else None}
    if given:
        return MakeupPipeline()(photo, look=Look(**given), **how)
    return network()(photo, reference, remove=bool(remove), **how)
