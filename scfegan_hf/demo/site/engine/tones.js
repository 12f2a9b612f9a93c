// Another colour for pixels that keep their structure (editing/tones.py): a curve of lightness, and chroma that follows it.
// Colours are three values a pixel: sRGB from 0 to 255, CIELAB with L from 0 to 100.

const FINE = 16; // steps of a level in which linear light is looked up
const LINEAR = Float64Array.from({ length: 256 * FINE + 1 }, (_, i) => {
  const v = i / FINE / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});
const linear = (v) => {
  const at = FINE * v, i = Math.floor(at);
  return LINEAR[i] + (LINEAR[i + 1] - LINEAR[i]) * (at - i);
};
const root = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116), uncurve = (t) => (t > 0.206893 ? t ** 3 : (t - 16 / 116) / 7.787);
const gamma = (v) => 255 * (v <= 0.0031308 ? 12.92 * Math.max(v, 0) : 1.055 * v ** (1 / 2.4) - 0.055);

export function labOf(rgb) {
  const out = new Float32Array(rgb.length);
  for (let i = 0; i < rgb.length; i += 3) {
    const r = linear(rgb[i]), g = linear(rgb[i + 1]), b = linear(rgb[i + 2]), y = root(0.212671 * r + 0.71516 * g + 0.072169 * b);
    out[i] = 116 * y - 16;
    out[i + 1] = 500 * (root((0.412453 * r + 0.35758 * g + 0.180423 * b) / 0.950456) - y);
    out[i + 2] = 200 * (y - root((0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.088754));
  }
  return out;
}

// One colour of CIELAB in sRGB, not yet held to 255.
export function rgbOf(light, a, b) {
  const middle = (light + 16) / 116, x = uncurve(middle + a / 500) * 0.950456, y = uncurve(middle), z = uncurve(middle - b / 200) * 1.088754;
  return [
    gamma(3.240479 * x - 1.53715 * y - 0.498535 * z), gamma(-0.969256 * x + 1.875991 * y + 0.041556 * z),
    gamma(0.055648 * x - 0.204043 * y + 1.057311 * z),
  ];
}

const held = (value, low, high) => Math.min(Math.max(value, low), high);
const SAMPLE = 50_000; // pixels are enough to find an aim with
const BINS = 2048; // of lightness, in which curves are fitted

// sRGB of pixels `lab` with their mean by `weight` brought to the colour `target`; `base`: their lightness without detail.
export function shifted(lab, base, weight, target, settings) {
  const step = Math.max(Math.floor(weight.length / SAMPLE), 1), relight = relighting(base, weight, settings), [lows, highs] = limits(target);
  const total = weight.reduce((sum, value) => sum + value, 0), own = [1, 2].map((axis) => weight.reduce((sum, value, i) => sum + value * lab[3 * i + axis], 0) / total);
  let aim = target;
  for (let turn = 0; turn < 4; turn++) {
    const reached = meanLab(toward(lab, base, own, aim, relight(aim[0]), step, settings), weight, step);
    aim = aim.map((value, axis) => held(value + target[axis] - reached[axis], lows[axis], highs[axis]));
  }
  return toward(lab, base, own, aim, relight(aim[0]), 1, settings);
}

function limits(target) {
  const further = [12, ...target.slice(1).map((value) => 0.1 * Math.abs(value) + 2)];
  const [low, high] = [-1, 1].map((sign) => target.map((value, axis) => value + sign * further[axis]));
  return [[Math.max(low[0], 1), ...low.slice(1)], [Math.min(high[0], 99), ...high.slice(1)]];
}

function meanLab(rgb, weight, step) {
  const lab = labOf(rgb), sums = [0, 0, 0];
  let total = 0;
  for (let i = 0, at = 0; i < weight.length; i += step, at += 3) {
    total += weight[i];
    for (let c = 0; c < 3; c++) sums[c] += weight[i] * lab[at + c];
  }
  return sums.map((sum) => sum / total);
}

// Every step-th pixel, its chroma as `aim` has it: falling with the lightness of shadows, and of highlights towards white.
function toward(lab, base, own, aim, lightOf, step, { fine }) {
  const count = Math.ceil(base.length / step), out = new Float32Array(3 * count);
  for (let i = 0, to = 0; i < base.length; i += step, to += 3) {
    const light = lightOf(lab[3 * i], base[i]), share = Math.min((light + 8) / (aim[0] + 8), 1) * held((100 - light) / (100 - aim[0]), 0, 1);
    const rgb = rgbOf(light, aim[1] * share + fine * (lab[3 * i + 1] - own[0]), aim[2] * share + fine * (lab[3 * i + 2] - own[1]));
    for (let c = 0; c < 3; c++) out[to + c] = Math.min(rgb[c], 255);
  }
  return out;
}

// A function of the mean that lightness is to have, to one of a pixel's lightness and its base.
function relighting(base, weight, { toe, gain }) {
  const bins = binned(base, weight), from = 100 + toe, whole = bins.map(([value, share]) => [(Math.max(value, 0) + toe) / from, share]);
  const lack = (value) => 1 - held(value, 0, 100) / 100, lacking = bins.map(([value, share]) => [lack(value), share]);
  return (mean) => {
    const up = exponent(whole, (mean + toe) / from), down = exponent(lacking, 1 - mean / 100);
    const level = (value) => (from * ((Math.max(value, 0) + toe) / from) ** up - toe + 100 * (1 - lack(value) ** down)) / 2;
    const slope = held(slopeOf(bins, level), ...gain);
    return (light, own) => {
      const flat = level(own), now = flat + slope * (light - own);
      return now > mean ? mean + rolled(now - mean, 100 - mean) : mean - rolled(mean - now, mean);
    };
  };
}

// Means of lightness in narrow steps of it, and the weight of each.
function binned(base, weight) {
  let [low, high, total] = [Infinity, -Infinity, 0];
  for (let i = 0; i < base.length; i++) low = Math.min(low, base[i]), high = Math.max(high, base[i]), total += weight[i];
  const sums = new Float64Array(BINS), weights = new Float64Array(BINS), scale = (BINS - 1) / Math.max(high - low, 1e-6);
  for (let i = 0; i < base.length; i++) {
    const bin = Math.round((base[i] - low) * scale);
    sums[bin] += weight[i] * base[i];
    weights[bin] += weight[i];
  }
  const bins = [];
  weights.forEach((share, bin) => { if (share > 0) bins.push([sums[bin] / share, share / total]); });
  return bins;
}

// Of a straight line through the curve, by least squares.
function slopeOf(bins, level) {
  if (bins.at(-1)[0] - bins[0][0] <= 1) return 1;
  const middle = bins.reduce((sum, [value, share]) => sum + share * value, 0);
  let [both, spread] = [0, 0];
  for (const [value, share] of bins) both += share * (value - middle) * level(value), spread += share * (value - middle) ** 2;
  return both / spread;
}

function exponent(bins, mean) {
  let [low, high] = [-3, 3]; // natural logarithms
  for (let turn = 0; turn < 30; turn++) {
    const middle = (low + high) / 2, power = Math.exp(middle), own = bins.reduce((sum, [value, share]) => sum + share * value ** power, 0);
    if (own > mean) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}

function rolled(excess, room) {
  const share = Math.max(excess, 0) / room;
  return (room * share) / (1 + share ** 6) ** (1 / 6);
}
