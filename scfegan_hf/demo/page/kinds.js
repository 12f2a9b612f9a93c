// What a file's bytes tell of a picture before it is decoded.

const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

// Whether a GIF, PNG or WebP holds more than one picture. A file that is cut short holds what is there of it.
export function isAnimation(bytes) {
  if (text(bytes, 0, 4) === 'GIF8') return gifPictures(bytes) > 1;
  if (text(bytes, 1, 3) === 'PNG') return pngPictures(bytes) > 1;
  return text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 8) === 'WEBPVP8X' && !!(bytes[20] & 2);
}

function gifPictures(bytes) {
  const table = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + table(bytes[10]), pictures = 0;
  const skipBlocks = () => {
    while (bytes[at]) at += bytes[at] + 1;
    at += 1;
  };
  while (at < bytes.length && bytes[at] !== 0x3b && pictures < 2) {
    if (bytes[at] === 0x21) at += 2; // an extension, of a kind
    else if (bytes[at] === 0x2c) at += 11 + table(bytes[at + 9]), pictures += 1;
    else break;
    skipBlocks();
  }
  return pictures;
}

function pngPictures(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at), name = text(bytes, at + 4, 4);
    if (name === 'acTL') return view.getUint32(at + 8);
    if (name === 'IDAT') return 1;
    at += 12 + length;
  }
  return 1;
}
