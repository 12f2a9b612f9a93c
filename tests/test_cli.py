"""The command line, run as a user runs it."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from scfegan_hf.cli import main


def test_edit_writes_a_png_that_differs_in_the_mask_only(tmp_path, model):
    photo = astronaut()[:200, 120:320]
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[60:100, 70:130] = 255
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(mask // 255).save(tmp_path / "sketch.png")
    arguments = ["edit", str(tmp_path / "photo.png"), "--mask", str(tmp_path / "mask.png"), "--model", model]
    assert main([*arguments, "--sketch", str(tmp_path / "sketch.png"), "-o", str(tmp_path / "out.png")]) == 0
    out = np.asarray(Image.open(tmp_path / "out.png"))
    assert (out[mask == 0] == photo[mask == 0]).all() and (out != photo).any()


def test_recolor_needs_no_mask(tmp_path, model, capsys):
    photo = np.asarray(Image.fromarray(astronaut()[:300, 80:380]))
    color = np.zeros((300, 300, 4), np.uint8)
    color[45:60, 155:185] = (200, 165, 110, 255)  # on the hair
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(color).save(tmp_path / "color.png")
    arguments = ["edit", str(tmp_path / "photo.png"), "--color", str(tmp_path / "color.png"), "--model", model]
    assert main([*arguments, "--mode", "recolor", "-o", str(tmp_path / "out.png")]) == 0
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != photo).any(2)
    assert changed[45:60, 155:185].mean() > 0.9 and 0.05 < changed.mean() < 0.3 and not changed[200:].any()
    assert main([*arguments, "-o", str(tmp_path / "none.png")]) == 1
    assert "Give a mask" in capsys.readouterr().err


def test_notes_jpeg_and_inverted_masks(tmp_path, model, capsys):
    photo = astronaut()[:200, 120:320]
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[60:100, 70:130] = 255
    Image.fromarray(photo).convert("CMYK").save(tmp_path / "photo.tif")
    Image.fromarray(255 - mask).save(tmp_path / "mask.png")
    out = tmp_path / "new" / "out.jpg"
    arguments = ["edit", str(tmp_path / "photo.tif"), "--mask", str(tmp_path / "mask.png"), "--model", model, "-o"]
    assert main([*arguments, str(out)]) == 1
    assert "invert it (invert=True, --invert)" in capsys.readouterr().err
    assert main([*arguments, str(out), "--invert", "--sketch", str(tmp_path / "mask.png")]) == 1
    assert "over half of the picture as lines" in capsys.readouterr().err
    assert main([*arguments, str(out), "--invert", "--quality", "50"]) == 0
    notes = capsys.readouterr().err.splitlines()
    assert len(notes) == 2 and "CMYK" in notes[0] and "JPEG changes pixels" in notes[1]
    with Image.open(out) as image:
        assert image.format == "JPEG" and b"Edited" in image.info["comment"]
    assert main([*arguments, str(tmp_path / "out.bmp"), "--invert"]) == 1
    assert "must end in one of" in capsys.readouterr().err


def test_errors_are_one_line_and_write_nothing(tmp_path, model, capsys):
    out = tmp_path / "out.png"
    assert main(["edit", "missing.png", "--mask", "missing.png", "--model", model, "-o", str(out)]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "There is no photo at missing.png" in message and not out.exists()


def test_trace(tmp_path):
    Image.fromarray(astronaut()).save(tmp_path / "photo.png")
    assert main(["trace", str(tmp_path / "photo.png"), "-o", str(tmp_path / "lines.png")]) == 0
    lines = np.asarray(Image.open(tmp_path / "lines.png"))
    assert lines.shape == (512, 512) and 0.005 < (lines > 0).mean() < 0.2


def test_prepare_and_evaluate(tmp_path, model, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in (10, 11):
        Image.fromarray(astronaut()).save(photos / f"{number}.jpg")
    assert main(["prepare", str(photos), str(tmp_path / "data"), "--size", "256", "--num-proc", "1"]) == 0
    assert "2 photographs prepared, 0 left out" in capsys.readouterr().out
    out = tmp_path / "report"
    options = ["--model", model, "--faces", "1", "--tasks", "free-form-10", "--guidance", "none"]
    assert main(["evaluate", str(tmp_path / "data"), "--out", str(out), *options]) == 0
    table = json.loads((out / "report.json").read_text())["table"]["free-form-10"]["none"]
    assert {"this model", "fill alone", "Telea"} <= set(table) and table["this model"]["changed_outside"]["mean"] == 0
    assert (out / "sheet.png").is_file() and (out / "report.md").read_text() in capsys.readouterr().out
    assert main(["evaluate", str(tmp_path / "data"), "--out", str(out), *options, "--tasks", "beard"]) == 1
    assert "There is no task 'beard'" in capsys.readouterr().err
    assert main(["evaluate", str(tmp_path / "data"), "--out", str(out), *options, "--by-hand"]) == 0
    assert "painted as people do" in (out / "report.md").read_text() and json.loads((out / "report.json").read_text())


def test_demo_hands_its_options_to_the_app(monkeypatch):
    given = {}
    monkeypatch.setattr("scfegan_hf.demo.launch", lambda **options: given.update(options))
    arguments = ["--model", "folder", "--host", "0.0.0.0", "--port", "7", "--share", "--device", "cpu", "--max-queue", "3"]
    assert main(["demo", *arguments]) == 0
    assert given == dict(model="folder", host="0.0.0.0", port=7, share=True, device="cpu", max_queue=3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prepare", "photos", "out", "--shard-size", "-1"], "--shard-size: must be a whole number from 1 to 1000000, not -1"),
        (["prepare", "photos", "out", "--size", "0"], "--size: must be a whole number from 64 to 4096, not 0"),
        (["prepare", "photos", "out", "--size", "100000"], "--size: must be a whole number from 64 to 4096"),
        (["prepare", "photos", "out", "--num-proc", "0"], "--num-proc: must be a whole number from 1 to 1024"),
        (["trace", "photo.jpg", "-o", "x.png", "--level", "-5"], "--level: must be a whole number from 1 to 255, not -5"),
        (["mask", "photo.jpg", "-o", "x.png", "--at", "9" * 5000, "1"], "--at: must be a whole number of at least 0"),
        (["evaluate", "data", "--out", "x", "--faces", "0"], "--faces: must be a whole number from 1 to 1000000"),
        (["demo", "--port", "99999"], "--port: must be a whole number from 1 to 65535, not 99999"),
        (["demo", "--max-queue", "-1"], "--max-queue: must be a whole number from 1 to 1000"),
    ],
)
def test_a_flag_out_of_its_range_is_refused_in_words(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize("device", ["nope", "cuda:99"])
def test_a_device_that_is_not_there_is_one_line(device, model, capsys):
    pytest.importorskip("gradio")
    assert main(["demo", "--model", model, "--device", device]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and f"There is no device '{device}' here" in message


def test_makeup_of_a_photograph_and_of_a_folder(tmp_path, capsys):
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    Image.fromarray(astronaut()).save(photos / "one.png")
    Image.fromarray(astronaut()[:, ::-1]).save(photos / "deep" / "two.jpg")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(photos / "wall.png")
    colors = ["--lips", "#a00030", "--liner", "black", "--strength", "0.8"]
    assert main(["makeup", str(photos / "one.png"), *colors, "-o", str(tmp_path / "out.png")]) == 0
    changed = (np.asarray(Image.open(tmp_path / "out.png")) != astronaut()).any(2)
    assert 0.001 < changed.mean() < 0.03
    assert main(["makeup", str(photos / "one.png"), *colors, "--parts", "lips", "-o", str(tmp_path / "lips.png")]) == 0
    lips = (np.asarray(Image.open(tmp_path / "lips.png")) != astronaut()).any(2)
    assert lips.any() and (lips <= changed).all() and lips.sum() < changed.sum()
    assert main(["makeup", str(photos / "one.png"), *colors, "-o", str(tmp_path / "out.jpg")]) == 0
    assert "JPEG changes pixels" in capsys.readouterr().err
    assert main(["makeup", str(photos), *colors, "-o", str(tmp_path / "all")]) == 0
    assert "2 photographs made up, 0 were there already, 1 left out" in capsys.readouterr().out
    report = json.loads((tmp_path / "all" / "report.json").read_text())
    assert "No face was found" in report["left_out"]["wall.png"]
    assert (np.asarray(Image.open(tmp_path / "all" / "one.png")) == np.asarray(Image.open(tmp_path / "out.png"))).all()
    assert (tmp_path / "all" / "deep" / "two.png").is_file()


def test_a_part_is_completed_in_several_ways(tmp_path, capsys):
    photo = astronaut()[:256, 100:356]
    Image.fromarray(photo).save(tmp_path / "photo.png")
    mask = np.zeros((256, 256), np.uint8)
    mask[60:130, 70:170] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    given = [str(tmp_path / "photo.png"), "--mask", str(tmp_path / "mask.png")]
    assert main(["complete", *given, "-n", "3", "-o", str(tmp_path / "out.png")]) == 0
    told = capsys.readouterr().out.splitlines()
    files = [tmp_path / name for name in ("out.png", "out-2.png", "out-3.png")]
    assert [line.split(": ")[0] for line in told] == [str(file) for file in files]
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    assert all((picture[mask == 0] == photo[mask == 0]).all() for picture in pictures)
    assert (pictures[0] != pictures[1]).any() and (pictures[1] != pictures[2]).any()
    assert main(["complete", *given, "-o", str(tmp_path / "out.gif")]) == 1


def test_a_style_by_name_by_picture_and_for_a_folder(tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.fromarray(astronaut()[:256, 100:356]).save(photos / "one.png")
    out = tmp_path / "out.png"
    assert main(["style", str(photos / "one.png"), "--style", "teal=.5", "-o", str(out)]) == 0
    teal = np.asarray(Image.open(out).convert("RGB")).astype(int)
    assert np.abs(teal - astronaut()[:256, 100:356]).mean() > 3
    assert main(["style", str(photos), "--style", str(photos / "one.png"), "-o", str(tmp_path / "all")]) == 0
    assert [file.name for file in (tmp_path / "all").rglob("*.png")] == ["one.png"]
    assert main(["studio", str(photos / "one.png"), "--style", "teal=.5", "-o", str(out)]) == 0
    assert np.array_equal(np.asarray(Image.open(out).convert("RGB")), teal)
    capsys.readouterr()
    for wrong, words in (("cubist", "A style is one of"), ("teal=much", "painterly=.7"), ("teal=3", "from 0 to 1")):
        assert main(["style", str(photos / "one.png"), "--style", wrong, "-o", str(out)]) == 1
        assert words in capsys.readouterr().err


def test_makeup_by_a_reference_and_removal(tmp_path):
    from scfegan_hf.models.makeup import MakeupTransfer

    shape = dict(widths=[8, 8], encoder_blocks=[1], dilations=[1], decoder_blocks=[1], hidden=8, resolution=64)
    MakeupTransfer(**shape).save_pretrained(tmp_path / "model")
    Image.fromarray(astronaut()).save(tmp_path / "photo.png")
    arguments = ["makeup", str(tmp_path / "photo.png"), "--model", str(tmp_path / "model"), "-o", str(tmp_path / "out.png")]
    for what in (["--remove"], ["--reference", str(tmp_path / "photo.png"), "--all-faces"]):
        assert main([*arguments, *what]) == 0
        with Image.open(tmp_path / "out.png") as image:
            assert image.size == (512, 512)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Give colours (--lips"),
        (["--lips", "red", "--remove"], "Give colours (--lips"),
        (["--lips", "reddish"], "'reddish' is no colour"),
        (["--lips", "red", "--parts", "nose"], "Parts to make up are lips, eyes, cheeks, foundation, not 'nose'"),
        (["--lips", "red", "-o", "out.gif"], "must end in one of"),
    ],
)
def test_makeup_that_does_not_fit_is_one_line(arguments, words, tmp_path, capsys):
    Image.fromarray(astronaut()).save(tmp_path / "photo.png")
    assert main(["makeup", str(tmp_path / "photo.png"), "-o", str(tmp_path / "out.png"), *arguments]) == 1
    message = capsys.readouterr().err
    assert words in message and message.count("\n") == 1
