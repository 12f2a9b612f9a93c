// Zip files whose entries are stored as they are (pictures are small already), after PKWARE's APPNOTE 6.3, sections 4.3 and 4.4.

const LOCAL = 0x04034b50, CENTRAL = 0x02014b50, END = 0x06054b50;
const DAMAGED = 'This project file is damaged, or is none.';

const CRCS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRCS[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

// Entries {name: Uint8Array} as one array of bytes.
export function zipped(entries) {
  const parts = [], central = [];
  let at = 0;
  const add = (bytes, to = parts) => { to.push(bytes); return bytes.length; };
  for (const [name, bytes] of Object.entries(entries)) {
    const text = new TextEncoder().encode(name), crc = crc32(bytes), start = at;
    // version 2.0, names in UTF-8, stored, midnight of the first of January 1980
    const common = [20, 0x0800, 0, 0, 0x21];
    at += add(record([[LOCAL, 4], ...common.map((value) => [value, 2]), [crc, 4], [bytes.length, 4], [bytes.length, 4], [text.length, 2], [0, 2]]));
    at += add(text) + add(bytes);
    add(record([
      [CENTRAL, 4], [20, 2], ...common.map((value) => [value, 2]), [crc, 4], [bytes.length, 4], [bytes.length, 4], [text.length, 2], [0, 2],
      [0, 2], [0, 2], [0, 2], [0, 4], [start, 4],
    ]), central);
    add(text, central);
  }
  const size = central.reduce((sum, bytes) => sum + bytes.length, 0), count = Object.keys(entries).length;
  return joined([...parts, ...central, record([[END, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [at, 4], [0, 2]])]);
}

function record(fields) {
  const bytes = new Uint8Array(fields.reduce((sum, [, size]) => sum + size, 0)), view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, size] of fields) {
    if (size === 4) view.setUint32(at, value, true);
    else view.setUint16(at, value, true);
    at += size;
  }
  return bytes;
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// The entries of a zip file, {name: Uint8Array}. Compressed ones are read too, since other programs pack so. Throws in words.
export async function unzipped(bytes, most = 2 ** 30) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), entries = {};
  try {
    let end = bytes.length - 22;
    while (end >= 0 && view.getUint32(end, true) !== END) end--;
    if (end < 0) throw new Error();
    let at = view.getUint32(end + 16, true), left = most;
    for (let count = view.getUint16(end + 10, true); count > 0; count--) {
      if (view.getUint32(at, true) !== CENTRAL) throw new Error();
      const [method, crc, packed, size] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
      const [name, extra, comment, local] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true), view.getUint32(at + 42, true)];
      if (view.getUint32(local, true) !== LOCAL || (left -= size) < 0) throw new Error();
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      const content = await unpacked(bytes.subarray(start, start + packed), method, size);
      if (content.length !== size || crc32(content) !== crc) throw new Error();
      entries[new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name))] = content;
      at += 46 + name + extra + comment;
    }
  } catch {
    throw new Error(DAMAGED);
  }
  return entries;
}

async function unpacked(bytes, method, size) {
  if (method === 0) return bytes;
  if (method !== 8) throw new Error();
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader(), parts = [];
  for (let sum = 0, { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    if ((sum += value.length) > size) throw new Error(); // it says that it is smaller
    parts.push(value);
  }
  return joined(parts);
}
