"""Prototypes of a face's changes: they are saved and read again, and do not take what does not fit."""

import pytest
import torch

from scfegan_hf.models.prototypes import POINTS, STEPS, FacePrototypes


def test_they_are_read_as_they_were_saved(tmp_path):
    prototypes = FacePrototypes(8, 4, 16, (1.0, 2.0))
    for number, buffer in enumerate(prototypes.buffers()):
        buffer.copy_(torch.randn(buffer.shape, generator=torch.Generator().manual_seed(number)))
    prototypes.half().save_pretrained(tmp_path)
    again = FacePrototypes.from_pretrained(tmp_path)
    assert again.octaves == (1.0, 2.0) and again.wrinkle_side == 16
    for one, other in zip(prototypes.buffers(), again.buffers(), strict=True):
        assert one.any() and torch.equal(one.float(), other)


def test_what_is_not_their_size_is_refused(tmp_path):
    FacePrototypes(8, 4, 16).save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"side": 8', '"side": 16'))
    with pytest.raises(ValueError, match="tones"):
        FacePrototypes.from_pretrained(tmp_path)


def test_those_of_the_package_know_an_upright_even_face():
    from scfegan_hf.faces.samples import MIRROR
    from scfegan_hf.portrait.age import BUNDLED_PROTOTYPES

    prototypes = FacePrototypes.from_pretrained(BUNDLED_PROTOTYPES)
    points = prototypes.points
    mirrored = points[torch.from_numpy(MIRROR)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    assert points.shape == (POINTS, 2) and len(prototypes.moves) == len(STEPS)
    assert (points - mirrored).abs().max() < 0.002 and points[16, 1] > points[54, 1] > points[96, 1]
    for part in (prototypes.moves, prototypes.tones, prototypes.details, prototypes.wrinkles):
        assert part.abs().amax() > 0.005
