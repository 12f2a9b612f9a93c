"""What a photograph's file says beside its pixels: kept in an edit, orientation put right, the old preview left out.

And the note that it was edited, where readers of PNG, EXIF and XMP look for it.
"""

import re
from typing import Any

from PIL import ExifTags, Image, JpegImagePlugin

from scfegan_hf.formats import DAMAGE, orientation

SOFTWARE = "scfegan_hf"
MARK = "Edited: parts of this picture were repainted by a computer (SC-FEGAN, scfegan_hf)."
GENERATED = "Generated: this picture of nobody was made from a drawing by a computer (scfegan_hf)."
# The term of the IPTC's vocabulary for a photograph with parts made by a trained model, where readers of XMP look for it.
DESCRIPTION = """<rdf:Description rdf:about="" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" \
xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType=\
"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"/>"""
GRAPH = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{DESCRIPTION}</rdf:RDF>'
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{GRAPH}</x:xmpmeta>'
# Tags about how a TIFF lies in its file, or about its pixels before the edit. Those below 0x8000 that tell of the picture:
TELLING = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x4746, 0x4749)
# And those above that are about the file.
STRUCTURE = (0x8649, 0x8773, 0x83BB, 0x014A, 0x02BC)
PREVIEW = (0x0201, 0x0202)
_OPENING = re.compile(r"<rdf:RDF\b[^>]*(?<!/)>")
_SOURCE_TYPE = re.compile(r'\s+\w+:DigitalSourceType="[^"]*"|<(\w+:DigitalSourceType)\b[^>]*>[^<]*</\1>')


def read_metadata(image: Image.Image) -> tuple[dict[str, Any], str | None]:
    """Profile, EXIF, resolution, XMP and comment of a picture under Pillow's names, as they suit it once it is upright.

    ``jpeg`` holds the quantisation tables and the subsampling of a JPEG, ``texts`` what a PNG says in words. The second
    result is a sentence on what could not be read, or None.
    """
    info, lost = {}, None
    swapped = orientation(image) >= 5
    if image.info.get("icc_profile"):
        info["icc_profile"] = image.info["icc_profile"]
    try:
        exif = _exif(image, swapped)
        if exif:
            info["exif"] = exif
    except DAMAGE:
        lost = "The photo's EXIF data could not be read and is left out."
    dpi = image.info.get("dpi")
    if isinstance(dpi, tuple) and len(dpi) == 2 and all(float(each) > 0 for each in dpi):
        info["dpi"] = tuple(float(each) for each in (dpi[::-1] if swapped else dpi))
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if xmp:
        info["xmp"] = xmp if isinstance(xmp, bytes) else str(xmp).encode()
    texts = {key: str(value) for key, value in (getattr(image, "text", None) or {}).items() if isinstance(value, str)}
    comment = texts.pop("Comment", None) or image.info.get("comment")
    if comment:
        info["comment"] = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment)
    texts = {key: value for key, value in texts.items() if key not in ("Software", "XML:com.adobe.xmp") and "exif" not in key}
    if texts:
        info["texts"] = texts
    if isinstance(image, JpegImagePlugin.JpegImageFile) and image.mode in ("RGB", "L"):
        info["jpeg"] = image.quantization, JpegImagePlugin.get_sampling(image)
    return info, lost


def _exif(image: Image.Image, swapped: bool) -> bytes | None:
    """EXIF of a picture that is upright now, without its preview, which would show what was there before the edit."""
    original, kept = image.getexif(), Image.Exif()
    if image.info.get("exif"):  # read anew: Pillow complains about a damaged one only once
        original = Image.Exif()
        original.load(image.info["exif"])
    is_tiff = image.format == "TIFF"
    for tag, value in original.items():
        about_file = tag in STRUCTURE or (is_tiff and tag < 0x8000 and tag not in TELLING)
        if not about_file and tag not in (*PREVIEW, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.Base.Orientation):
            kept[tag] = value
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        fields = dict(original.get_ifd(ifd))
        if swapped and ifd == ExifTags.IFD.Exif:
            sides = [fields.pop(tag, None) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)]
            if None not in sides:
                fields[ExifTags.Base.ExifImageWidth], fields[ExifTags.Base.ExifImageHeight] = sides[::-1]
        if fields:
            kept[ifd] = fields
    if not len(kept):
        return None
    kept[ExifTags.Base.Orientation] = 1
    return kept.tobytes()


def marked_exif(exif: bytes | None) -> bytes:
    """EXIF that names what processed the picture; the camera's own software stays named where it is."""
    marked = Image.Exif()
    if exif:
        marked.load(exif)
    marked[ExifTags.Base.ProcessingSoftware] = SOFTWARE
    if ExifTags.Base.Software not in marked:
        marked[ExifTags.Base.Software] = SOFTWARE
    return marked.tobytes()


def marked_xmp(xmp: bytes | None, generated: bool = False) -> bytes:
    """The photograph's own XMP with the term for an edit in it; the term alone for none, or one that is not understood.

    ``generated``: the term for a picture that was made whole, and nothing else.
    """
    if generated:
        return XMP.replace("compositeWithTrainedAlgorithmicMedia", "trainedAlgorithmicMedia").encode()
    if xmp is None:
        return XMP.encode()
    text = _SOURCE_TYPE.sub("", xmp.decode("utf-8", "replace"))
    opening = _OPENING.search(text)
    if opening:
        return (text[: opening.end()] + DESCRIPTION + text[opening.end() :]).encode()
    if "</x:xmpmeta>" in text and "<rdf:RDF" not in text:
        return text.replace("</x:xmpmeta>", GRAPH + "</x:xmpmeta>").encode()
    return XMP.encode()
