/** Bytes that arrive piece by piece, copied out of where they came; each is moved only as often as doubling the room asks for. */
export class Gathered {
  #room = Buffer.alloc(0);
  #length = 0;

  get length() {
    return this.#length;
  }

  add(piece: Uint8Array) {
    const length = this.#length + piece.length;
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(
        this.#length === 0 ? length : Math.max(length, 2 * this.#room.length),
      );
      room.set(this.bytes());
      this.#room = room;
    }
    this.#room.set(piece, this.#length);
    this.#length = length;
  }

  /** What has come, in place: the next piece may lie elsewhere. */
  bytes() {
    return this.#room.subarray(0, this.#length);
  }
}
