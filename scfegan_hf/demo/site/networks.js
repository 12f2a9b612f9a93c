// The networks, run by ONNX Runtime in this worker. Their files come in pieces, gzipped: none is large, and whoever hosts
// the page need not compress.

export class Networks {
  constructor(files) {
    this.files = files;
    this.sessions = {};
  }

  // The graph's inputs by name to its answer, (3, R, R).
  async edit(given) {
    const { ort, session } = await this.session('edit'), side = Math.sqrt(given.mask.length);
    const feeds = Object.fromEntries(Object.entries(given).map(([name, values]) => [name, new ort.Tensor('float32', values, [1, values.length / side ** 2, side, side])]));
    return (await session.run(feeds)).generated.data;
  }

  // A plane of RGB to what the annotator sees in it; labels only where they are wanted.
  async look({ data, width, height }, labels, finer) {
    const { ort, session } = await this.session('annotator'), count = width * height, picture = new Float32Array(3 * count);
    for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) picture[c * count + i] = data[3 * i + c] / 127.5 - 1;
    const grid = labels ? [height * finer, width * finer] : [1, 1];
    const seen = await session.run({
      picture: new ort.Tensor('float32', picture, [1, 3, height, width]), grid: new ort.Tensor('float32', new Float32Array(grid[0] * grid[1]), grid),
    });
    return Object.fromEntries(Object.entries(seen).map(([name, { data: values }]) => [name, values]));
  }

  // A tile of a photograph, (3, h, w), to one that is several times as wide and high.
  async enlarge(values, width, height) {
    const { ort, session } = await this.session('enlarge');
    return (await session.run({ small: new ort.Tensor('float32', values, [1, 3, height, width]) })).large.data;
  }

  // Lines, colours, where they are and noise, (6, S, S), to a face, (3, S, S).
  async draw(values) {
    const { ort, session } = await this.session('lines'), side = Math.sqrt(values.length / 6);
    return (await session.run({ drawing: new ort.Tensor('float32', values, [1, 6, side, side]) })).face.data;
  }

  session(name) {
    return (this.sessions[name] ??= this.opened(name));
  }

  async opened(name) {
    const [ort, bytes] = await Promise.all([(this.ort ??= runtime(this.files.wasm)), unpacked(this.files[name])]);
    return { ort, session: await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] }) };
  }
}

async function runtime(pieces) {
  const [ort, bytes] = await Promise.all([import('./ort/ort.wasm.min.mjs'), unpacked(pieces)]);
  ort.env.wasm.wasmBinary = bytes.buffer;
  ort.env.wasm.wasmPaths = { mjs: new URL('./ort/ort-wasm-simd-threaded.mjs', import.meta.url).href };
  ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  return ort;
}

// A file's bytes. A host that unpacks by itself, on the way, is no hindrance.
export async function unpacked(pieces) {
  const parts = await Promise.all(pieces.map(async (piece) => {
    const answer = await fetch(new URL(piece, import.meta.url)).catch(() => null);
    if (!answer?.ok) throw Object.assign(new Error('A file of this page could not be loaded. Reload it when you are online.'), { said: true, missing: true });
    return answer.blob();
  }));
  const whole = new Blob(parts), [first, second] = new Uint8Array(await whole.slice(0, 2).arrayBuffer());
  const stream = first === 0x1f && second === 0x8b ? whole.stream().pipeThrough(new DecompressionStream('gzip')) : whole.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
