// Photographs in: PNG, JPEG and WebP files become {rgb, alpha, profile}, or an Error whose words may be shown, as
// editing/photos.py has it. PNG is read here, value by value; the browser reads the others.

import { chunksOf, decodePng, headerOf, isPng, packedProfile } from './png.js';
import { plane } from './planes.js';

const refuse = (words) => { throw Object.assign(new Error(words), { said: true }); };
const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));
const ANIMATION = 'The photo is an animation. Save one frame of it as PNG or JPEG and edit that.';
const DEEP = 'The photo has more than 8 bits per channel. Save it with 8 bits per channel first.';
const DAMAGED = 'The photo is damaged. Save it again as PNG or JPEG.';

// decode: async, a Blob to the RGBA of its pixels as {data, width, height}, by the browser: no profile applied, turned
// upright. limits: {pixels, side}, the most pixels and the shortest side.
export async function readPicture(blob, decode, limits) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  try {
    if (isPng(bytes)) return await readPng(bytes, limits);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return await readJpeg(bytes, blob, decode, limits);
    if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP') return await readWebp(bytes, blob, decode, limits);
  } catch (error) {
    if (error.said) throw error;
    refuse(DAMAGED);
  }
  return refuse('This kind of file cannot be edited here. Choose a PNG, JPEG or WebP file.');
}

function checkSize({ width, height }, { pixels, side }) {
  if (Math.min(width, height) < side) refuse(`The photo is ${width}x${height}. Give one of at least ${side}x${side} pixels.`);
  if (width * height > pixels) refuse(`The photo has more than ${Math.floor(pixels / 1e6)} megapixels. Make it smaller first.`);
}

async function readPng(bytes, limits) {
  const chunks = chunksOf(bytes), header = headerOf(chunks);
  checkSize(header, limits);
  if (chunks.acTL) refuse(ANIMATION);
  if (header.depth === 16) refuse(DEEP);
  if (chunks.eXIf && orientation(chunks.eXIf[0]) > 1) refuse('The photo is a PNG file that is to be shown turned. Save it upright first.');
  return decodePng(bytes);
}

async function readJpeg(bytes, blob, decode, limits) {
  const { frame, icc } = jpegMarkers(bytes);
  if (frame.depth !== 8) refuse(DEEP);
  if (frame.components === 4) refuse('The photo is in CMYK colours. Convert it to RGB first, so that you see what is edited.');
  checkSize(frame, limits);
  return { ...opaque(await decode(blob)), profile: icc.length && frame.components === 3 ? await packedProfile(icc) : null };
}

// The frame's header, and the ICC profile that lies in pieces in APP2 segments.
function jpegMarkers(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), pieces = [];
  for (let at = 2; at < bytes.length;) {
    if (bytes[at] !== 0xff) throw new RangeError('no marker');
    const marker = bytes[at + 1], length = view.getUint16(at + 2), body = at + 4;
    if (marker === 0xff) { at++; continue; } // padding
    if (marker === 0xe2 && text(bytes, body, body + 11) === 'ICC_PROFILE') pieces[bytes[body + 12]] = bytes.subarray(body + 14, at + 2 + length);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { frame: { depth: bytes[body], height: view.getUint16(body + 1), width: view.getUint16(body + 3), components: bytes[body + 5] }, icc: joined(pieces.filter(Boolean)) };
    }
    at += length + 2;
  }
  throw new RangeError('no frame');
}

async function readWebp(bytes, blob, decode, limits) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let icc = null;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = text(bytes, at, at + 4), length = view.getUint32(at + 4, true);
    if (name === 'ANIM') refuse(ANIMATION);
    if (name === 'ICCP') icc = bytes.slice(at + 8, at + 8 + length);
    at += 8 + length + (length & 1);
  }
  const pixels = await decode(blob);
  checkSize(pixels, limits);
  for (let i = 3; i < pixels.data.length; i += 4) if (pixels.data[i] < 255) refuse('The photo is a WebP file with transparency. Save it as PNG first.');
  return { ...opaque(pixels), profile: icc && (await packedProfile(icc)) };
}

function opaque({ data, width, height }) {
  const rgb = plane(width, height, 3);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgb.data[3 * i + c] = data[4 * i + c];
  return { rgb, alpha: null };
}

function joined(pieces) {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  pieces.reduce((at, piece) => (out.set(piece, at), at + piece.length), 0);
  return out;
}

// The orientation tag of Exif data, 1 if there is none.
function orientation(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength), little = exif[0] === 0x49, first = view.getUint32(4, little);
  for (let i = 0; i < view.getUint16(first, little); i++) {
    const at = first + 2 + 12 * i;
    if (view.getUint16(at, little) === 0x0112) return view.getUint16(at + 8, little);
  }
  return 1;
}
