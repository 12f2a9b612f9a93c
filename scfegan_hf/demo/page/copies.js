// A result in other forms: on the clipboard, and as a JPEG that says that it was edited.

import { backend, blank, loaded, say } from './page.js';

const NOTE = 'Edited: parts of this picture were repainted by a computer (SC-FEGAN, scfegan_hf).'; // as the server's files say
const SOURCE = 'http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia';
const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="${SOURCE}"/></rdf:RDF></x:xmpmeta>`;
const QUALITY = 0.93;

async function fetched(file) {
  const answer = await fetch(file.url).catch(() => null);
  if (!answer?.ok) throw new Error(backend.words.gone);
  return answer.blob();
}

export async function copyResult(file) {
  try {
    if (!window.ClipboardItem || !navigator.clipboard?.write) throw new Error('This browser does not let a page copy pictures. Download it instead.');
    // Browsers want to be asked at once, while the click is fresh.
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': fetched(file) })]).catch((error) => {
      throw error.name === 'NotAllowedError' ? new Error('Your browser did not allow copying. Download the picture instead.') : error;
    });
    say('Copied. Paste it where you like.');
  } catch (error) {
    say(error.message, true);
  }
}

export async function downloadJpeg(file) {
  let url = null;
  try {
    const png = URL.createObjectURL(await fetched(file)), image = await loaded(new Image(), png), canvas = blank(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext('2d');
    context.fillStyle = '#fff'; // a JPEG has no transparency
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    URL.revokeObjectURL(png);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', QUALITY); });
    url = URL.createObjectURL(new Blob([withNote(new Uint8Array(await blob.arrayBuffer()))], { type: 'image/jpeg' }));
    Object.assign(document.createElement('a'), { href: url, download: (file.orig_name || 'edited.png').replace(/\.png$/, '.jpg') }).click();
  } catch (error) {
    say(error.message, true);
  } finally {
    if (url) setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}

// A JPEG's bytes with the note as its comment, and as XMP for who reads where pictures come from.
export function withNote(jpeg) {
  const bytes = (text) => new TextEncoder().encode(text);
  const segment = (mark, data) => [0xff, mark, (data.length + 2) >> 8, (data.length + 2) & 255, ...data];
  const head = jpeg[2] === 0xff && jpeg[3] === 0xe0 ? 4 + jpeg[4] * 256 + jpeg[5] : 2; // after JFIF's own, which comes first
  const notes = [...segment(0xe1, bytes(`http://ns.adobe.com/xap/1.0/\0${XMP}`)), ...segment(0xfe, bytes(NOTE))];
  const out = new Uint8Array(jpeg.length + notes.length);
  out.set(jpeg.subarray(0, head));
  out.set(notes, head);
  out.set(jpeg.subarray(head), head + notes.length);
  return out;
}
