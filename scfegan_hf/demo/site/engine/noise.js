// torch.Generator().manual_seed(seed) and torch.randn on a CPU, value by value: Mersenne Twister 19937 and torch's two ways
// of Box and Muller's method (ATen's normal_fill for 16 values and more, its normal_distribution below that).

const SIZE = 624, SHIFT = 397;

export class Generator {
  constructor(seed) {
    this.state = new Uint32Array(SIZE);
    this.state[0] = seed >>> 0;
    for (let i = 1; i < SIZE; i++) this.state[i] = Math.imul(this.state[i - 1] ^ (this.state[i - 1] >>> 30), 1812433253) + i;
    this.at = SIZE;
    this.spare = null; // of a pair of normal values the second one
  }

  // 32 bits.
  next() {
    const { state } = this;
    if (this.at === SIZE) {
      for (let i = 0; i < SIZE; i++) {
        const mixed = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
        state[i] = state[(i + SHIFT) % SIZE] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      }
      this.at = 0;
    }
    let bits = state[this.at++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  // torch.randn(count, generator=this), float32.
  normal(count) {
    return count < 16 ? Float32Array.from({ length: count }, () => this.one()) : this.many(count);
  }

  one() {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    const angle = 2 * Math.PI * this.uniform53(), radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()));
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  uniform53() {
    const high = this.next() & 0x1fffff, low = this.next();
    return (high * 2 ** 32 + low) / 2 ** 53;
  }

  many(count) {
    const out = new Float32Array(count), uniform = () => (this.next() & 0xffffff) / 2 ** 24;
    for (let i = 0; i < count; i++) out[i] = uniform();
    for (let i = 0; i + 16 <= count; i += 16) pairs(out, i);
    if (count % 16) { // the last sixteen once more
      for (let i = count - 16; i < count; i++) out[i] = uniform();
      pairs(out, count - 16);
    }
    return out;
  }
}

// Sixteen uniform values to normal ones: each of the first eight goes with the one eight places on.
function pairs(out, first) {
  for (let i = first; i < first + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - out[i])), angle = 2 * Math.PI * out[i + 8];
    out[i] = radius * Math.cos(angle);
    out[i + 8] = radius * Math.sin(angle);
  }
}
