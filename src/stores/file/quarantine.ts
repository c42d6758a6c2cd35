import { isUtf8 } from 'node:buffer'
import { join } from 'node:path'
import { syncDirectory, writeAll, type Disk } from './disk.js'
import { endOfLines, linesOf } from './line.js'
import type { CorruptLine } from './replay.js'

const NAME = 'corrupt.jsonl'

/**
 * Keeps the bytes of corrupt lines in `corrupt.jsonl`, since a compaction removes the file they stand in: one JSON object a
 * line with `file`, `offset`, and `text`, or `base64` where it is not UTF-8. Each is kept once, however often it is read.
 */
export async function quarantine(disk: Disk, directory: string, lines: readonly CorruptLine[]): Promise<void> {
  if (lines.length === 0) return
  const file = await disk.open(join(directory, NAME), 'a+')
  try {
    const { size } = await file.stat()
    const kept = Buffer.alloc(size)
    await file.read(kept, 0, size, 0)
    const end = endOfLines(kept)
    const known = new Set([...linesOf(kept.subarray(0, end))].map(([line]) => line.toString()))
    const fresh = lines.map(describe).filter((line) => !known.has(line))
    if (end < size) await file.truncate(end)
    await writeAll(file, Buffer.from(fresh.map((line) => `${line}\n`).join('')), end)
    await file.sync()
  } finally {
    await file.close()
  }
  await syncDirectory(disk, directory)
}

const describe = ({ file, offset, bytes }: CorruptLine): string =>
  JSON.stringify({
    file,
    offset,
    ...(isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }),
  })
