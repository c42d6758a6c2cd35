import { lengthOfLine, writeLine, type Line } from './line.js'

const FIRST_ROOM = 1 << 16
/** More room than this is given back: some batch needed it once. */
const KEPT_ROOM = 2 << 20

/**
 * Lines as they go to the disk, one behind the other in one piece of memory that is used again. As strings they would be copied
 * several times, and each copy would have to be collected.
 */
export class LineBuffer {
  #room = Buffer.allocUnsafe(FIRST_ROOM)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Gives the bytes that the line takes. Where it throws, nothing was added. */
  add(line: Line): number {
    const json = JSON.stringify(line)
    const length = lengthOfLine(json)
    this.#makeRoom(this.#length + length)
    writeLine(json, this.#room, this.#length, length)
    this.#length += length
    return length
  }

  /** What was added. Not to be used any more once it is cleared. */
  bytes(): Buffer {
    return this.#room.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
    if (this.#room.length > KEPT_ROOM) this.#room = Buffer.allocUnsafe(FIRST_ROOM)
  }

  #makeRoom(needed: number): void {
    if (needed <= this.#room.length) return
    const room = Buffer.allocUnsafe(Math.max(needed, 2 * this.#room.length))
    this.bytes().copy(room)
    this.#room = room
  }
}
