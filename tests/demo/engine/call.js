// Calls a function of the static site's engine: node call.js QUESTION.json ANSWER.json [onnxruntime-web's folder]
//
// The question is {module, name, args}. In both files an array is {array: base64, kind, shape}: of two or three dimensions a
// plane, of one a typed array. {callback: name} stands for one of CALLBACKS.

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const ENGINE = new URL('../../../scfegan_hf/demo/site/engine/', import.meta.url), KINDS = { Uint8Array, Float32Array, Int32Array };
const [, , question, answer, runtime] = process.argv;

// What tests/demo/test_web_engine.py's network computes, of the graph's inputs.
function network({ image, mask, sketch, color, color_mask: painted, noise }) {
  const count = mask.length;
  return Float32Array.from(image, (value, i) => {
    const at = i % count, hole = mask[at], paint = painted[at] * hole;
    return 0.8 * value * (1 - hole) + 0.3 * sketch[at] * hole + 0.5 * color[i] * paint + 0.2 * noise[at] * hole;
  });
}

// And its enlarger: pixels four by four, with a pattern over them. (3, height, width) to (3, 4 height, 4 width).
async function fourfold(values, width, height) {
  const out = new Float32Array(16 * values.length), count = width * height;
  for (let i = 0; i < out.length; i++) {
    const c = Math.floor(i / (16 * count)), y = Math.floor((i % (16 * count)) / (4 * width)), x = i % (4 * width);
    out[i] = values[c * count + (y >> 2) * width + (x >> 2)] + ((x % 4) + 2 * (y % 4) - 4.5) / 64;
  }
  return out;
}

// And its faces from lines: (6, S, S) to (3, S, S).
async function drawn(values) {
  const count = values.length / 6;
  return Float32Array.from({ length: 3 * count }, (_, i) => 0.4 * values[i % count] + 0.5 * values[count + i] + 0.2 * values[4 * count + (i % count)] + 0.1 * values[5 * count + (i % count)]);
}
const CALLBACKS = { network, fourfold, drawn };

// Several draws of one generator.
async function normals(seed, counts) {
  const { Generator } = await import(new URL('noise.js', ENGINE)), own = new Generator(seed);
  return counts.map((count) => own.normal(count));
}

// What a face's part that was erased may have looked like; `path`: the prior's file.
async function prior(path, own, face, unknown, normal) {
  const { guessed, priorOf } = await import(new URL('prior.js', ENGINE)), gaussian = priorOf(new Uint8Array(readFileSync(path)), own);
  return guessed(gaussian, face, unknown, normal);
}

// The same over a photograph's hole, and the side of the square that is cut out around a box of it.
async function guess(path, box, wanted, small, seen, hole, corner, unseen, look, cascade, settings) {
  const [{ guesserOf }, { priorOf }] = await Promise.all(['guess.js', 'prior.js'].map((name) => import(new URL(name, ENGINE))));
  const own = await guesserOf(small, seen, hole, corner, unseen, look, cascade, async () => priorOf(new Uint8Array(readFileSync(path)), settings.guess), settings);
  return own && { ...own.colors(null), context: own.context(box, wanted) };
}

// ONNX Runtime Web on a file, with the inputs and outputs of site/networks.js.
async function session(path) {
  const ort = await import(pathToFileURL(`${runtime}/ort.wasm.min.mjs`));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = pathToFileURL(`${runtime}/`).href;
  const own = await ort.InferenceSession.create(new Uint8Array(readFileSync(path)));
  const run = async (feeds) => Object.fromEntries(Object.entries(await own.run(feeds)).map(([name, { data }]) => [name, data]));
  return { ort, run };
}

async function look(path) {
  const { ort, run } = await session(path);
  return async ({ data, width, height }, labels) => {
    const picture = new Float32Array(data.length), count = width * height, grid = labels ? [2 * height, 2 * width] : [1, 1];
    for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) picture[c * count + i] = data[3 * i + c] / 127.5 - 1;
    return run({ picture: new ort.Tensor('float32', picture, [1, 3, height, width]), grid: new ort.Tensor('float32', new Float32Array(grid[0] * grid[1]), grid) });
  };
}

async function decoded(value) {
  if (value?.array !== undefined) {
    const bytes = Buffer.from(value.array, 'base64'), data = new KINDS[value.kind](new Uint8Array(bytes).buffer), [height, width, channels = 1] = value.shape;
    return width === undefined ? data : { data, width, height, channels };
  }
  if (value?.callback) return CALLBACKS[value.callback] ?? look(value.path);
  if (value?.blob) return new Blob([Buffer.from(value.blob, 'base64')]);
  if (Array.isArray(value)) return Promise.all(value.map(decoded));
  if (value && typeof value === 'object') return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, each]) => [name, await decoded(each)])));
  return value;
}

async function encoded(value) {
  if (value instanceof Blob) return { blob: Buffer.from(await value.arrayBuffer()).toString('base64') };
  if (ArrayBuffer.isView(value)) return { array: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'), kind: value.constructor.name, shape: [value.length] };
  if (value?.data && value.width) return { ...(await encoded(value.data)), shape: [value.height, value.width, value.channels] };
  if (Array.isArray(value)) return Promise.all(value.map(encoded));
  if (value && typeof value === 'object') return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([name, each]) => [name, await encoded(each)])));
  return value;
}

const { module, name, args } = JSON.parse(readFileSync(question, 'utf-8'));
const own = { normals, prior, guess }[name] ?? (await import(new URL(`${module}.js`, ENGINE)))[name];
try {
  writeFileSync(answer, JSON.stringify({ value: await encoded(await own(...(await decoded(args)))) }));
} catch (error) {
  if (!error.said) throw error;
  writeFileSync(answer, JSON.stringify({ said: error.message }));
}
