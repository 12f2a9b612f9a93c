// Which way a view lies: turned by an angle, in radians clockwise, and perhaps mirrored. A matrix is [a, b, c, d] as a canvas
// takes it: x goes to a x + c y, y to b x + d y.

export const DEGREE = Math.PI / 180;

export const matrixOf = ({ angle, flip }) => [flip * Math.cos(angle), flip * Math.sin(angle), -Math.sin(angle), Math.cos(angle)];
export const isStraight = ({ angle, flip }) => angle === 0 && flip === 1;

export const along = ([a, b, c, d], [x, y]) => [a * x + c * y, b * x + d * y];
export function back([a, b, c, d], [x, y]) {
  const area = a * d - b * c; // 1, or -1 where it is mirrored
  return [(d * x - c * y) / area, (a * y - b * x) / area];
}

// Width and height of what a box covers when it is turned.
export const extent = ([a, b, c, d], wide, high) => [Math.abs(a) * wide + Math.abs(c) * high, Math.abs(b) * wide + Math.abs(d) * high];

// The same angle from minus to plus half a turn; next to nothing, as rounding leaves it, is none.
export function wrapped(angle) {
  const within = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
  return Math.abs(within) < 1e-6 ? 0 : within;
}
