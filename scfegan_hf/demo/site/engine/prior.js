// What faces look like at 64 pixels, as a Gaussian (models/face_prior.py), and what that says of an erased part.

// From the bytes of a safetensors file; noise: variance of what the components do not hold.
export function priorOf(bytes, { noise, bold, levels }) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensor = (name) => {
    const { dtype, data_offsets: [from, to] } = header[name], own = bytes.slice(start + from, start + to);
    return dtype === 'I8' ? new Int8Array(own.buffer) : Float32Array.from(new Uint16Array(own.buffer), half);
  };
  const [count, side, width] = header.halves.shape, values = tensor('halves'), scales = tensor('scales'), odd = tensor('odd'), size = side * side * 3;
  const halves = new Float32Array(values.length), rows = new Float32Array(count * size); // each component after the other
  for (let k = 0, i = 0; k < count; k++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < 3 * width; x++, i++) {
        const row = k * size + y * side * 3, c = x % 3;
        halves[i] = values[i] * (scales[k] / levels);
        rows[row + x] = halves[i];
        rows[row + 3 * (side - 1) - (x - c) + c] = odd[k] ? -halves[i] : halves[i];
      }
    }
  }
  return { side, count, rows, halves, odd, noise, bold, mean: tensor('mean'), variances: tensor('variances'), products: null };
}

function half(bits) { // of 16
  const exponent = (bits >> 10) & 31, part = bits & 1023, sign = bits >> 15 ? -1 : 1;
  return sign * (exponent ? (1 + part / 1024) * 2 ** (exponent - 15) : part * 2 ** -24);
}

// Each pair of rows multiplied and summed, on and below the diagonal of a square; `alike`: of which pairs.
function multiplied(rows, count, alike = () => true) {
  const length = rows.length / count, out = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    const own = rows.subarray(i * length, (i + 1) * length);
    for (let j = 0; j <= i; j++) {
      if (!alike(i, j)) continue;
      const other = rows.subarray(j * length, (j + 1) * length);
      let [a, b, c, d, k] = [0, 0, 0, 0, 0]; // four sums at a time take half as long as one
      for (; k + 3 < length; k += 4) a += own[k] * other[k], b += own[k + 1] * other[k + 1], c += own[k + 2] * other[k + 2], d += own[k + 3] * other[k + 3];
      for (; k < length; k++) a += own[k] * other[k];
      out[i * count + j] = a + b + c + d;
    }
  }
  return out;
}

// A face, (side, side, 3) in [-1, 1], with what is unknown guessed: the likeliest, or with normal values another that may be.
export function guessed(prior, face, unknown, normal = null) {
  const { rows, count, mean, noise, variances, odd } = prior, size = mean.length, hidden = [];
  for (let i = 0; i < size; i++) if (unknown[Math.floor(i / 3)]) hidden.push(i);
  prior.products ??= multiplied(prior.halves, count, (i, j) => odd[i] === odd[j]).map((value) => 2 * value); // even and odd ones have nothing in common
  const erased = new Float32Array(count * hidden.length), said = new Float64Array(count), apart = face.map((value, i) => (unknown[Math.floor(i / 3)] ? 0 : value - mean[i]));
  for (let k = 0, to = 0; k < count; k++) {
    for (const i of hidden) erased[to++] = rows[k * size + i];
    for (let i = 0; i < size; i++) said[k] += (rows[k * size + i] * apart[i]) / noise;
  }
  const root = multiplied(erased, count); // what the seen pixels say is all that there is, less what the erased ones would have said
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) root[i * count + j] = (prior.products[i * count + j] - root[i * count + j]) / noise;
    root[i * count + i] += 1 / variances[i];
  }
  cholesky(root, count);
  const weights = solvedUpper(root, solvedLower(root, said));
  if (normal) solvedUpper(root, Float64Array.from(normal)).forEach((value, k) => { weights[k] += prior.bold * value; });
  const out = Float64Array.from(mean);
  weights.forEach((weight, k) => { for (let i = 0; i < size; i++) out[i] += weight * rows[k * size + i]; });
  return Float32Array.from(out);
}

// The lower triangle's root, in place.
function cholesky(matrix, count) {
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * count + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * count + k] * matrix[j * count + k];
      matrix[i * count + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * count + j];
    }
  }
}

function solvedLower(root, values) {
  const count = values.length, out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = values[i];
    for (let k = 0; k < i; k++) out[i] -= root[i * count + k] * out[k];
    out[i] /= root[i * count + i];
  }
  return out;
}

function solvedUpper(root, values) { // by the root turned over
  const count = values.length, out = new Float64Array(count);
  for (let i = count - 1; i >= 0; i--) {
    out[i] = values[i];
    for (let k = i + 1; k < count; k++) out[i] -= root[k * count + i] * out[k];
    out[i] /= root[i * count + i];
  }
  return out;
}
