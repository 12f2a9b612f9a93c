"""A folder of photographs edited by masks of their names, as a user runs it."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf.cli import main
from scfegan_hf.editing.folder import edit_folder


def save(array: np.ndarray, path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


@pytest.fixture
def folders(tmp_path):
    """Three photographs, one deeper down, masks for two of them, and a broken file."""
    photo = astronaut()[:96, 150:246]
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[40:60, 40:60] = 255
    for name in ("a.jpg", "deep/b.png", "c.png"):
        save(photo, tmp_path / "photos" / name)
    save(mask, tmp_path / "masks" / "a.png")
    save(mask, tmp_path / "masks" / "deep" / "b_mask.png")
    save(mask, tmp_path / "masks" / "d.png")
    (tmp_path / "photos" / "d.png").write_bytes(b"no picture")
    return tmp_path


def test_a_folder_by_the_command_line(folders, model, capsys):
    out = folders / "new" / "out"
    command = ["edit", str(folders / "photos"), "--mask", str(folders / "masks"), "--model", model, "-o", str(out)]
    assert main(command) == 0
    assert "2 photographs edited, 0 were there already, 2 left out" in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    assert report["edited"] == ["a.jpg", "deep/b.png"]
    assert "no mask for it" in report["left_out"]["c.png"] and "not a picture" in report["left_out"]["d.png"]
    for name in ("a", "deep/b"):
        with Image.open(out / f"{name}.png") as result:
            assert result.size == (96, 96) and "Comment" in result.info
            changed = (np.asarray(result) != astronaut()[:96, 150:246]).any(2)
        assert name == "a" or (changed.any() and not changed[:40].any())

    written = (out / "a.png").stat().st_mtime_ns
    save(astronaut()[:96, 150:246], folders / "photos" / "d.png")
    assert main(command) == 0
    assert "1 photographs edited, 2 were there already, 1 left out" in capsys.readouterr().out
    assert (out / "a.png").stat().st_mtime_ns == written and (out / "d.png").is_file()


def test_drawings_beside_the_photographs_and_one_mask_for_all(folders):
    photos = folders / "photos"
    (photos / "d.png").unlink()
    save(np.full((96, 96), 255, np.uint8), photos / "c_mask.png")
    save(np.full((96, 96), 255, np.uint8), photos / "c-sketch.png")
    given = []

    class Result:
        image, notes = Image.new("RGB", (80, 80)), ("a word",)

    def edit(photo, drawn):
        given.append((photo.name, *(path and path.name for path in drawn.values())))
        return Result

    places = {"mask": photos, "sketch": photos, "color": None}
    report = edit_folder(edit, photos, photos / "out", places, ending=".jpg", progress=False)
    # Without marks of their own, photographs in the masks' folder would be their own masks.
    assert ("c.png", "c_mask.png", "c-sketch.png", None) in given
    assert report["left_out"].keys() == {"a.jpg", "deep/b.png"} and report["notes"] == {"c.png": ["a word"]}
    given.clear()
    again = edit_folder(edit, photos, photos / "out", {"mask": folders / "masks" / "a.png"}, ending=".jpg", progress=False)
    assert [name for name, *_ in given] == ["a.jpg", "b.png"] and again["there_already"] == ["c.png"]


def test_two_photographs_of_one_name(folders):
    save(astronaut()[:96, 150:246], folders / "photos" / "a.png")

    def edit(photo, drawn):
        return type("Result", (), {"image": Image.new("RGB", (80, 80)), "notes": ()})

    report = edit_folder(edit, folders / "photos", folders / "out", {"mask": folders / "masks"}, progress=False)
    assert "another photograph" in report["left_out"]["a.png"]


def test_missing_folders(folders, model, capsys):
    command = ["edit", str(folders / "photos"), "--model", model, "-o", str(folders / "out"), "--mask"]
    assert main([*command, str(folders / "nowhere")]) == 1
    assert "There is no mask at" in capsys.readouterr().err
    (folders / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="No pictures below"):
        edit_folder(None, folders / "empty", folders / "out", {})
