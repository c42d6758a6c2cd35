import type { Disk, DiskFile } from './disk.js'
import { endOfLines, linesOf } from './line.js'

const CHUNK = 1 << 20

/** Calls back with each whole line up to `end`, and gives where the last one ends. Yields to other work between pieces. */
export async function readLines(
  file: DiskFile,
  end: number,
  onLine: (line: Buffer, offset: number) => void,
): Promise<number> {
  let rest = Buffer.alloc(0)
  let position = 0
  for (;;) {
    // A line longer than a piece is read in pieces that grow, so that it is not copied again for each.
    const wanted = Math.min(Math.max(CHUNK, rest.length), end - position)
    const bytes = Buffer.allocUnsafe(rest.length + wanted)
    rest.copy(bytes)
    const { bytesRead } = await file.read(bytes, rest.length, wanted, position)
    if (bytesRead === 0) return position - rest.length
    const base = position - rest.length
    const filled = bytes.subarray(0, rest.length + bytesRead)
    const whole = endOfLines(filled)
    for (const [line, offset] of linesOf(filled.subarray(0, whole))) onLine(line, base + offset)
    rest = filled.subarray(whole)
    position += bytesRead
  }
}

/** The first line of a file; empty where there is none that is whole. */
export async function readFirstLine(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'r')
  try {
    const bytes = Buffer.alloc(1 << 16)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    for (const [line] of linesOf(bytes.subarray(0, endOfLines(bytes.subarray(0, bytesRead))))) return line
    return Buffer.alloc(0)
  } finally {
    await file.close()
  }
}
