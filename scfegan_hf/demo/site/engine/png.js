// PNG files, read and written value by value: a canvas multiplies colours by alpha and converts profiles, and would change
// pixels that nobody edited.

import { plane } from './planes.js';

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }; // of each colour type: grey, RGB, palette, grey and alpha, RGBA
const CRCS = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

const through = async (bytes, stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
const latin = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

export const isPng = (bytes) => SIGNATURE.every((value, i) => bytes[i] === value);

// {name: [bodies]} of a file's chunks; an Error if it breaks off.
export function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), chunks = {};
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at), name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    (chunks[name] ??= []).push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  if (!chunks.IHDR || !chunks.IDAT || !chunks.IEND) throw new RangeError('This PNG file is not whole.');
  return chunks;
}

export function headerOf({ IHDR: [body] }) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return { width: view.getUint32(0), height: view.getUint32(4), depth: body[8], kind: body[9], interlaced: body[12] === 1 };
}

// {rgb, alpha (a plane, or null where all is opaque by its kind), profile (bytes of an iCCP chunk, or null)}.
export async function decodePng(bytes) {
  const chunks = chunksOf(bytes), header = headerOf(chunks), { width, height, kind } = header;
  const packed = await through(new Blob(chunks.IDAT), new DecompressionStream('deflate')), samples = unpacked(packed, header);
  const [palette, clear] = [chunks.PLTE?.[0], chunks.tRNS?.[0]], seeThrough = kind >= 4 || !!clear, channels = CHANNELS[kind];
  const rgb = plane(width, height, 3), alpha = seeThrough ? plane(width, height) : null, grey = kind === 0 || kind === 4;
  const spread = kind === 0 ? 255 / (2 ** header.depth - 1) : 1;
  for (let i = 0; i < width * height; i++) {
    const own = samples.subarray(i * channels, (i + 1) * channels);
    for (let c = 0; c < 3; c++) rgb.data[3 * i + c] = kind === 3 ? palette[3 * own[0] + c] : grey ? own[0] * spread : own[c];
    if (!alpha) continue;
    if (kind === 3) alpha.data[i] = clear[own[0]] ?? 255;
    else if (kind >= 4) alpha.data[i] = own[channels - 1];
    else alpha.data[i] = own.every((value, c) => value === clear[2 * c + 1] + 256 * clear[2 * c]) ? 0 : 255;
  }
  return { rgb, alpha, profile: grey ? null : (chunks.iCCP?.[0] ?? null) };
}

// Samples one byte each, whatever their depth, from the filtered rows of one or seven passes.
function unpacked(packed, { width, height, depth, kind, interlaced }) {
  const channels = CHANNELS[kind], out = new Uint8Array(width * height * channels), step = Math.max((channels * depth) >> 3, 1);
  const passes = interlaced ? [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] : [[0, 0, 1, 1]];
  let at = 0;
  for (const [x0, y0, dx, dy] of passes) {
    const wide = Math.ceil((width - x0) / dx), high = Math.ceil((height - y0) / dy), length = Math.ceil((wide * channels * depth) / 8);
    if (wide <= 0 || high <= 0) continue;
    let above = new Uint8Array(length);
    for (let y = 0; y < high; y++, at += length + 1) {
      const row = packed.subarray(at + 1, at + 1 + length);
      if (row.length < length) throw new RangeError('This PNG file is not whole.');
      unfilter(row, above, packed[at], step);
      for (let x = 0; x < wide; x++) {
        const to = ((y0 + y * dy) * width + x0 + x * dx) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = depth === 8 ? row[x * channels + c] : (row[(x * depth) >> 3] >> (8 - depth - ((x * depth) & 7))) & (2 ** depth - 1);
      }
      above = row;
    }
  }
  return out;
}

function unfilter(row, above, filter, step) {
  for (let i = 0; i < row.length; i++) {
    const left = i >= step ? row[i - step] : 0, up = above[i], corner = i >= step ? above[i - step] : 0;
    if (filter === 1) row[i] += left;
    if (filter === 2) row[i] += up;
    if (filter === 3) row[i] += (left + up) >> 1;
    if (filter === 4) row[i] += paeth(left, up, corner);
  }
}

function paeth(left, up, corner) {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function chunk(name, body) {
  const out = new Uint8Array(body.length + 12), view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(latin(name), 4);
  out.set(body, 8);
  let crc = 0xffffffff;
  for (let i = 4; i < body.length + 8; i++) crc = CRCS[(crc ^ out[i]) & 255] ^ (crc >>> 8);
  view.setUint32(body.length + 8, ~crc);
  return out;
}

// A file of {rgb, alpha, profile} as decodePng gives them, with further chunks before the pixels.
export async function encodePng({ rgb, alpha = null, profile = null }, ...further) {
  const { width, height } = rgb, channels = alpha ? 4 : 3, row = width * channels, lines = new Uint8Array((row + 1) * height);
  const value = (i, c) => (c === 3 ? alpha.data[i] : rgb.data[3 * i + c]);
  for (let y = 0, to = 0; y < height; y++) {
    lines[to++] = y ? 2 : 0; // filter "up": rows are like those above them
    for (let x = 0, i = y * width; x < width; x++, i++) for (let c = 0; c < channels; c++) lines[to++] = value(i, c) - (y ? value(i - width, c) : 0);
  }
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, alpha ? 6 : 2, 0, 0, 0], 8);
  const pixels = await through(lines, new CompressionStream('deflate')), chunks = profile ? [chunk('iCCP', profile), ...further] : further;
  return new Blob([Uint8Array.from(SIGNATURE), chunk('IHDR', header), ...chunks, chunk('IDAT', pixels), chunk('IEND', new Uint8Array(0))], { type: 'image/png' });
}

// The same, and it says in its metadata that it was edited. notes: {mark, software, xmp}, as demo/edits.py writes them.
export function markedPng(picture, { mark, software, xmp }) {
  const text = [...latin('XML:com.adobe.xmp\0\0\0\0\0'), ...new TextEncoder().encode(xmp)];
  return encodePng(picture, chunk('tEXt', latin(`Comment\0${mark}`)), chunk('tEXt', latin(`Software\0${software}`)), chunk('iTXt', Uint8Array.from(text)));
}

// An ICC profile as the body of an iCCP chunk.
export async function packedProfile(profile) {
  const packed = await through(profile, new CompressionStream('deflate')), out = new Uint8Array(packed.length + 5);
  out.set(latin('ICC\0\0'));
  out.set(packed, 5);
  return out;
}
