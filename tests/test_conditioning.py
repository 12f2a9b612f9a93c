"""What the network is given: order and zeroing of channels, fills, blend, and the square to look at."""

import pytest
import torch

from scfegan_hf import conditioning
from scfegan_hf.conditioning import assemble, blend, context_square, fill_hole

SIDE = 32


def drawing(side: int = SIDE, seed: int = 0) -> dict[str, torch.Tensor]:
    """A random photograph, a hole, lines and paint on both sides of its border, noise."""
    generator = torch.Generator().manual_seed(seed)

    def rectangle(rows: slice, cols: slice) -> torch.Tensor:
        area = torch.zeros(2, 1, side, side)
        area[..., rows, cols] = 1
        return area

    return {
        "image": torch.rand(2, 3, side, side, generator=generator) * 2 - 1,
        "mask": rectangle(slice(side // 4, 3 * side // 4), slice(side // 4, 3 * side // 4)),
        "sketch": rectangle(slice(side // 3, side // 3 + 1), slice(0, side)),
        "color": torch.rand(2, 3, side, side, generator=generator) * 2 - 1,
        "color_mask": rectangle(slice(side // 2, side // 2 + 3), slice(0, side)),
        "noise": torch.randn(2, 1, side, side, generator=generator),
    }


def fill(given: dict, kind: str) -> torch.Tensor:
    return fill_hole(*(given[name] for name in ("image", "mask", "sketch", "color", "color_mask")), kind)


def smooth_image(side: int = SIDE) -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    return torch.stack([x, y, x * y])[None]


# assemble and blend


def test_channels_come_in_the_order_of_the_contract():
    given = drawing()
    image, mask, sketch = given["image"], given["mask"], given["sketch"]
    color, color_mask, noise = given["color"], given["color_mask"], given["noise"]
    found = assemble(**given)
    assert found.shape == (2, 9, SIDE, SIDE)
    assert torch.equal(found[:, :3], image * (1 - mask))
    assert torch.equal(found[:, 3:4], sketch * mask)
    inside, painted = mask.bool().expand_as(image), (mask * color_mask).bool().expand_as(image)
    assert torch.equal(found[:, 4:7][painted], color[painted])
    assert (found[:, 4:7][inside & ~painted] == -1).all()  # black, as published
    assert (found[:, 4:7][~inside] == 0).all()
    assert torch.equal(found[:, 7:8], mask)
    assert torch.equal(found[:, 8:9], noise * mask)


def test_the_tenth_channel_tells_black_paint_from_no_paint():
    given = drawing() | {"color": torch.full((2, 3, SIDE, SIDE), -1.0)}
    found = assemble(**given, color_flag=True)
    painted = given["mask"] * given["color_mask"]
    assert found.shape == (2, 10, SIDE, SIDE)
    assert torch.equal(found[:, 9:], painted)
    assert torch.equal(found[:, 4:7], -painted.expand(2, 3, SIDE, SIDE))


@pytest.mark.parametrize("kind", conditioning.FILLS)
def test_nothing_drawn_outside_the_hole_reaches_the_network(kind):
    given, outside = drawing(), 1 - drawing()["mask"]
    changed = {name: given[name] + outside for name in ("color", "noise")}
    changed |= {name: given[name].maximum(outside) for name in ("sketch", "color_mask")}
    options = {"fill": kind, "color_flag": True}
    assert torch.equal(assemble(**(given | changed), **options), assemble(**given, **options))


@pytest.mark.parametrize("kind", conditioning.FILLS)
def test_nothing_of_the_photograph_in_the_hole_reaches_the_network(kind):
    given = drawing()
    changed = given | {"image": given["image"] + 5 * given["mask"]}
    assert torch.equal(assemble(**changed, fill=kind), assemble(**given, fill=kind))


def test_blend_leaves_the_photograph_outside_bit_identical():
    given = drawing()
    generated = torch.randn(2, 3, SIDE, SIDE) * 1e3
    found, inside = blend(generated, given["image"], given["mask"]), given["mask"].bool().expand_as(generated)
    assert torch.equal(found[~inside], given["image"][~inside])
    assert torch.equal(found[inside], generated[inside])


# fills


@pytest.mark.parametrize("kind", ["pyramid", "walls"])
def test_a_fill_is_the_photograph_outside_and_the_paint_where_painted(kind):
    given = drawing(64)
    found = fill(given, kind)
    outside, painted = (given["mask"] == 0).expand_as(found), (given["mask"] * given["color_mask"] == 1).expand_as(found)
    assert torch.equal(found[outside], given["image"][outside])
    torch.testing.assert_close(found[painted], given["color"][painted], rtol=0, atol=2e-3)
    assert found.abs().max() <= 1.03


@pytest.mark.parametrize("kind", ["pyramid", "walls"])
@pytest.mark.parametrize("size", [(32, 32), (128, 256), (96, 160)])
def test_a_constant_image_is_filled_with_its_constant(kind, size):
    image = torch.tensor([0.7, -0.3, 0.1]).view(1, 3, 1, 1).expand(1, 3, *size)
    mask, empty = torch.zeros(1, 1, *size), torch.zeros(1, 1, *size)
    mask[..., 5:-5, 9:-9] = 1
    found = fill_hole(image, mask, empty, image * 0, empty, kind)
    torch.testing.assert_close(found, image, rtol=0, atol=2e-3)


@pytest.mark.parametrize("kind", ["pyramid", "walls"])
def test_every_sample_of_a_batch_is_filled_by_itself(kind):
    given = drawing() | {"image": torch.cat([smooth_image(), -smooth_image()])}
    alone = fill({name: value[1:] for name, value in given.items()}, kind)
    torch.testing.assert_close(fill(given, kind)[1:], alone)


@pytest.mark.parametrize("kind", ["pyramid", "walls"])
def test_a_hole_over_everything_is_finite(kind):
    given = drawing() | {"mask": torch.ones(2, 1, SIDE, SIDE), "color_mask": torch.zeros(2, 1, SIDE, SIDE)}
    assert (fill(given, kind) == 0).all()  # grey
    given["color_mask"][..., 7, 9] = 1
    given["sketch"].zero_()
    given["color"] = torch.full_like(given["color"], 0.5)
    torch.testing.assert_close(fill(given, kind), given["color"], rtol=0, atol=0.02)  # one dab colours everything


def exact_walls(given: dict) -> torch.Tensor:
    """The steady state of the wall solver's own linear system at full resolution, by a dense solve in float64."""
    image, mask, sketch = (given[name][0].double() for name in ("image", "mask", "sketch"))
    color, color_mask = given["color"][0].double(), given["color_mask"][0].double()
    side = mask.shape[-1]
    number = torch.arange(side * side).view(side, side)
    matrix = torch.zeros(side * side, side * side, dtype=torch.double)
    free, leak = 1 - (sketch * mask)[0], conditioning.WALL_LEAK
    for near, far in ((number[:, :-1], number[:, 1:]), (number[:-1], number[1:])):
        near, far = near.flatten(), far.flatten()
        link = leak + (1 - leak) * free.flatten()[near] * free.flatten()[far]
        matrix[near, near] += link
        matrix[far, far] += link
        matrix[near, far] -= link
        matrix[far, near] -= link
    known = (1 - mask * (1 - color_mask)).flatten() == 1
    values = blend(color, image, mask).flatten(1).T * known[:, None]
    matrix[known] = 0
    matrix[known, known] = 1
    return torch.linalg.solve(matrix, values).T.view(1, 3, side, side).float()


@pytest.mark.parametrize(("drawn", "tolerance"), [("nothing", 0.01), ("a line", 0.02), ("a wall", 0.02), ("a dab", 0.05)])
def test_walls_come_near_the_exact_solution(drawn, tolerance):
    """Few sweeps are no exact solver: of a range of 2 the error is below 0.16, its mean far less and the pyramid's more."""
    sketch, empty = torch.zeros(1, 1, SIDE, SIDE), torch.zeros(1, 1, SIDE, SIDE)
    sketch[..., {"a line": 10, "a wall": 0}.get(drawn, SIDE) :, SIDE // 2] = 1
    mask, color_mask = empty.clone(), empty.clone()
    mask[..., 6:26, 5:27] = 1
    color_mask[..., 12:14, 10:14] = float(drawn == "a dab")
    image = smooth_image()
    given = {"image": image, "mask": mask, "sketch": sketch, "color": torch.ones_like(image), "color_mask": color_mask}
    exact = exact_walls(given)
    error, of_pyramid = ((fill(given, kind) - exact).abs() for kind in ("walls", "pyramid"))
    mean = (error * mask).sum() / mask.sum() / 3
    assert error.max() < 0.16 and mean < tolerance
    assert mean < 0.6 * (of_pyramid * mask).sum() / mask.sum() / 3


def two_halves(side: int = 64) -> dict:
    """Red on the left, blue on the right; the hole spans both, a line from edge to edge parts them."""
    image = torch.full((1, 3, side, side), -1.0)
    image[:, 0, :, : side // 2] = 1
    image[:, 2, :, side // 2 :] = 1
    empty = torch.zeros(1, 1, side, side)
    mask, sketch = empty.clone(), empty.clone()
    mask[..., 12:52, 12:52] = 1
    sketch[..., :, side // 2] = 1
    return {"image": image, "mask": mask, "sketch": sketch, "color": image * 0, "color_mask": empty}


def test_walls_keep_two_colours_apart_where_the_pyramid_mixes_them():
    given = two_halves()
    left, right = (slice(None), slice(None), 32, 29), (slice(None), slice(None), 32, 35)
    walls, pyramid = fill(given, "walls"), fill(given, "pyramid")
    for at in (left, right):
        assert (walls[at] - given["image"][at]).abs().max() < 0.2
        assert (pyramid[at] - given["image"][at]).abs().max() > 0.5


def test_without_lines_the_walls_mix_too():
    given = two_halves() | {"sketch": torch.zeros(1, 1, 64, 64)}
    assert (fill(given, "walls")[..., 32, 30] - given["image"][..., 32, 30]).abs().max() > 0.5


def test_a_closed_outline_without_paint_takes_its_surroundings_colour():
    side = 64
    image = torch.full((1, 3, side, side), 0.6)
    mask, sketch, empty = (torch.zeros(1, 1, side, side) for _ in range(3))
    mask[..., 8:56, 8:56] = 1
    sketch[..., 20:44, [20, 43]] = 1
    sketch[..., [20, 43], 20:44] = 1
    found = fill_hole(image, mask, sketch, image * 0, empty, "walls")
    torch.testing.assert_close(found, image, rtol=0, atol=0.02)


def test_an_unknown_fill_is_refused():
    with pytest.raises(ValueError, match="fill must be one of .*'telea'"):
        fill(drawing(), "telea")


# context_square


def test_the_square_stays_inside_and_contains_the_hole():
    numbers = torch.Generator().manual_seed(0)

    def draw(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=numbers))

    cut = 0
    for _ in range(500):
        width, height = draw(20, 400), draw(20, 400)
        x0, y0 = draw(0, width), draw(0, height)
        box = (x0, y0, draw(x0, width) + 1, draw(y0, height) + 1)
        smallest, context = draw(1, 200), 1 + 3 * torch.rand((), generator=numbers).item()
        left, top, right, bottom = context_square(box, height, width, context, smallest)
        assert 0 <= left <= box[0] and box[2] <= right <= width
        assert 0 <= top <= box[1] and box[3] <= bottom <= height
        side = max(context * max(box[2] - box[0], box[3] - box[1]), smallest)
        if side + 1 <= min(width, height):
            assert right - left == bottom - top >= side
        else:
            cut += 1
            assert right - left == width or bottom - top == height
    assert 50 < cut < 450


def test_the_square_has_the_hole_in_its_middle_where_there_is_room():
    assert context_square((100, 120, 120, 130), 400, 300, 2.0, 16) == (90, 105, 130, 145)
    assert context_square((100, 120, 120, 130), 400, 300, 2.0, 100) == (60, 75, 160, 175)


def test_the_square_is_moved_at_a_border_and_cut_only_where_the_photograph_is_shorter():
    assert context_square((0, 0, 20, 10), 400, 300, 2.0, 16) == (0, 0, 40, 40)
    assert context_square((280, 390, 300, 400), 400, 300, 2.0, 16) == (260, 360, 300, 400)
    assert context_square((100, 10, 200, 20), 50, 300, 2.0, 16) == (50, 0, 250, 50)
