// Photos in: file, drop, paste, camera, and the faces found in them.

let photoNumber = 0;

// The picture once it is there. (Its own `decode()` stands still while the page is in the background.)
function loaded(image, url) {
  return new Promise((resolve, reject) => {
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('no picture'));
    image.src = url;
  });
}

async function measured(blob) {
  const url = URL.createObjectURL(blob), image = await loaded(new Image(), url);
  return { blob, url, image, width: image.naturalWidth, height: image.naturalHeight };
}

// A new photo takes the drawing along and replaces all versions. An example, which has its own drawing, stands beside
// them until the next one, so that a click on it loses nothing; its drawing is not taken along.
async function takePhoto(blob, name, drawn = null) {
  const limit = props.max_upload_bytes;
  if (blob.size > limit) return say(`This file is over ${limit >> 20} MB. Choose a smaller one.`, true);
  const number = ++photoNumber;
  let read;
  try {
    read = await measured(blob);
  } catch {
    return say('This file is not a picture that your browser can show. Choose a PNG or JPEG file.', true);
  }
  if (number !== photoNumber) return;
  if (read.width * read.height > props.max_pixels) return say(`This photo has more than ${Math.floor(props.max_pixels / 1e6)} megapixels. Make it smaller first.`, true);
  const own = ownVersions(), before = version()?.sample ? own.at(-1) : version();
  const kept = drawn ? own : [];
  for (const old of state.versions) if (!kept.includes(old)) URL.revokeObjectURL(old.url);
  state.versions = kept;
  addVersion(read, name, drawn ?? before?.steps ?? [], { sample: !!drawn });
  hideFaceOffer();
  fitView();
  try {
    await uploaded();
    if (number === photoNumber && !drawn) await findFaces();
  } catch (error) {
    if (number === photoNumber && !state.running) say(error.message, true);
  }
}

function addVersion({ blob, url, image, width, height }, name, drawn, more) {
  const thumbnail = thumbnailOf(image, width, height);
  const added = { name, blob, url, width, height, thumbnail, uploaded: null, steps: drawn, undone: [], frame: null, faces: [], ...more };
  const at = added.sample ? state.versions.length : ownVersions().length;
  state.versions.splice(at, 0, added);
  showVersion(at);
  keepPhotos();
}

function thumbnailOf(image, width, height) {
  const canvas = blank(96, 96), side = Math.min(width, height);
  canvas.getContext('2d').drawImage(image, (width - side) / 2, (height - side) / 2, side, side, 0, 0, 96, 96);
  return canvas.toDataURL('image/jpeg', 0.8);
}

function showVersion(index) {
  state.current = index;
  photo.src = version().url;
  editor.dataset.state = 'ready';
  setMode('draw');
  hideFaceOffer();
  measureStage();
  showHistory();
  keepDrawing();
}

// The upload of the current photo, begun once; it throws in words.
function uploaded() {
  const own = version();
  own.uploading ??= (async () => {
    if (own.uploaded) return;
    say('Loading the photo…');
    try {
      const file = new File([own.blob], fileName(own.name, own.blob.type), { type: own.blob.type });
      own.uploaded = { path: (await orLost(upload(file))).path };
      if (own === version()) say(`${own.width} × ${own.height}`);
    } catch {
      own.uploading = null;
      throw new Error('The photo could not be sent. Your drawing is safe: try again in a moment.');
    }
  })();
  return own.uploading;
}
const fileName = (name, type) => `${name.replace(/\.[^.]*$/, '').replace(/[^\w-]+/g, '-').slice(0, 60) || 'photo'}.${(type.split('/')[1] || 'png').replace('jpeg', 'jpg')}`;

async function findFaces() {
  const own = version();
  const { faces } = await ask('faces', { drawing: { photo: own.uploaded } });
  if (own !== version()) return;
  own.faces = faces;
  // A face that fills the photo needs no closer look.
  const small = faces.filter(([, , wide]) => wide < 0.8 * Math.min(own.width, own.height));
  if (!faces.length) return say('No face was found. You can draw all the same.');
  if (faces.length === 1 && !small.length) return say('Face found: paint over what should change.');
  say(faces.length === 1 ? 'A face was found.' : `${faces.length} faces were found: click the one to work on.`);
  offerFaces();
}

function offerFaces() {
  const { faces } = version(), several = faces.length > 1, offer = find('.offer');
  stage.classList.add('offering');
  offer.querySelector('span').textContent = several ? 'Which face?' : 'Face found';
  offer.querySelector('.primary').hidden = several;
  find('.faces').classList.toggle('several', several); // one face's box lets strokes through
  find('.faces').replaceChildren(...faces.map((_, index) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.tabIndex = several ? 0 : -1;
    button.setAttribute('aria-label', `Zoom to face ${index + 1}`);
    button.onclick = () => chooseFace(index);
    return button;
  }));
  placeFaces();
}

function placeFaces() {
  const { faces, width, height } = version(), pixel = view.scale / photoScale();
  [...find('.faces').children].forEach((button, index) => {
    const [x, y, wide, high] = faces[index];
    button.style.cssText = `left:${(x - width / 2) * pixel + view.x}px;top:${(y - height / 2) * pixel + view.y}px;width:${wide * pixel}px;height:${high * pixel}px`;
  });
}

function chooseFace(index) {
  version().frame = version().faces[index];
  hideFaceOffer();
  showBox(version().frame);
  say('Paint over what should change.');
  stage.focus({ preventScroll: true });
  keepDrawing();
}

function hideFaceOffer() {
  stage.classList.remove('offering');
  find('.faces').replaceChildren();
}

// Ways in

find('.file').addEventListener('change', ({ target }) => { if (target.files[0]) takePhoto(target.files[0], target.files[0].name); target.value = ''; });
element.addEventListener('dragover', (event) => { event.preventDefault(); editor.classList.add('over'); });
element.addEventListener('dragleave', (event) => { if (!element.contains(event.relatedTarget)) editor.classList.remove('over'); });
element.addEventListener('drop', (event) => {
  event.preventDefault();
  editor.classList.remove('over');
  const [file] = event.dataTransfer.files;
  if (file) takePhoto(file, file.name);
});
document.addEventListener('paste', (event) => {
  const file = element.isConnected && [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
  if (file) takePhoto(file, file.name);
});

const camera = find('dialog.camera');
async function openCamera() {
  const words = camera.querySelector('p');
  words.textContent = '';
  camera.showModal();
  try {
    const video = camera.querySelector('video');
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 1280 } } });
    await video.play();
  } catch {
    words.textContent = 'The camera could not be used. Allow it in your browser, or choose a photo instead.';
  }
}
function closeCamera() {
  camera.querySelector('video').srcObject?.getTracks().forEach((track) => track.stop());
  camera.close();
}
function shoot() {
  const video = camera.querySelector('video'), canvas = blank(video.videoWidth, video.videoHeight);
  if (!canvas.width) return;
  canvas.getContext('2d').drawImage(video, 0, 0);
  closeCamera();
  canvas.toBlob((blob) => takePhoto(blob, 'camera.jpg'), 'image/jpeg', 0.95);
}
camera.addEventListener('cancel', closeCamera);
if (!navigator.mediaDevices?.getUserMedia) for (const button of findAll('[data-do=camera]')) button.hidden = true;
