// Squares in which faces lie as in FFHQ, and the picture in them (faces/align.py). A frame is its four corners [x, y]: top
// left, bottom left, bottom right, top right. An affine map is [a, b, c, d, e, f]: x' = ax + by + c, y' = dx + ey + f.

import { byte, plane, reflected101, scaled } from './planes.js';

export const mean = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
export const apart = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by);
export const sideOf = ([corner, , , right]) => apart(corner, right);
export const moved = ([a, b, c, d, e, f], [x, y]) => [a * x + b * y + c, d * x + e * y + f];

// Within a polygon, by the parity of the borders to the left.
export function within(corners, [x, y]) {
  return corners.reduce((inside, [ax, ay], number) => {
    const [bx, by] = corners[(number + 1) % corners.length];
    return ay > y !== by > y && x > ax + ((y - ay) * (bx - ax)) / (by - ay) ? !inside : inside;
  }, false);
}

export function inverse([a, b, c, d, e, f]) {
  const scale = 1 / (a * e - b * d);
  return [e * scale, -b * scale, (b * f - c * e) * scale, -d * scale, a * scale, (c * d - a * f) * scale];
}

export function square(x, y, side) {
  return [[x, y], [x, y + side], [x + side, y + side], [x + side, y]];
}

// From a box [x, y, width, height] of the Haar cascade alone, upright.
export function haarFrame([x, y, wide, high], { centre, side: share }) {
  const side = wide / share;
  return square(x + wide / 2 - centre[0] * side, y + high / 2 - centre[1] * side, side);
}

// From 98 landmarks. `groups`: the first and last number of each eye's, and the numbers of the mouth's corners.
export function ffhqFrame(points, { left_eye: left, right_eye: right, mouth_corners: corners }) {
  const eyes = [left, right].map(([first, end]) => mean(points.slice(first, end))), middle = mean(eyes);
  const across = [eyes[1][0] - eyes[0][0], eyes[1][1] - eyes[0][1]], mouth = mean(corners.map((index) => points[index]));
  const down = [mouth[0] - middle[0], mouth[1] - middle[1]], slope = [across[0] + down[1], across[1] - down[0]];
  const length = Math.max(Math.hypot(...across) * 2, Math.hypot(...down) * 1.8) / Math.hypot(...slope);
  const [x, y] = slope.map((value) => value * length), centre = [middle[0] + down[0] * 0.1, middle[1] + down[1] * 0.1];
  return [[-x + y, -y - x], [-x - y, -y + x], [x - y, y + x], [x + y, y - x]].map(([dx, dy]) => [centre[0] + dx, centre[1] + dy]);
}

// The map from the pixels of the frame's square of `size` to those of the photograph.
export function fromSquare([corner, below, , right], size) {
  return [
    (right[0] - corner[0]) / size, (below[0] - corner[0]) / size, corner[0],
    (right[1] - corner[1]) / size, (below[1] - corner[1]) / size, corner[1],
  ];
}

// The frame's picture, `size` pixels a side; what lies outside the photograph is mirrored.
export function cutFrame(photo, frame, size) {
  const shrink = Math.trunc(sideOf(frame) / size / 2), source = shrink > 1 ? scaled(photo, 1 / shrink, 'area') : photo;
  const map = fromSquare(shrink > 1 ? frame.map((point) => point.map((at) => at / shrink)) : frame, size), out = plane(size, size, 3);
  const { data, width, height } = source;
  for (let y = 0, to = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [sx, sy] = moved(map, [x, y]), x0 = Math.floor(sx), y0 = Math.floor(sy), fx = sx - x0, fy = sy - y0;
      const left = reflected101(x0, width), right = reflected101(x0 + 1, width);
      const top = reflected101(y0, height) * width, bottom = reflected101(y0 + 1, height) * width;
      for (let c = 0; c < 3; c++) {
        const upper = data[3 * (top + left) + c] * (1 - fx) + data[3 * (top + right) + c] * fx;
        const lower = data[3 * (bottom + left) + c] * (1 - fx) + data[3 * (bottom + right) + c] * fx;
        out.data[to++] = byte(upper * (1 - fy) + lower * fy);
      }
    }
  }
  return out;
}
