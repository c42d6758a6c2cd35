import { crc32 } from 'node:zlib'
import type { TaskErrorRecord, TaskRecord, TaskTransition } from '../../core/record.js'
import type { Instance } from '../../store.js'

/** What this version writes, and the newest it reads. A new kind of line is a new format. */
export const FORMAT = 1

/** The first line of every segment and snapshot. */
export interface Header {
  taskward: 'segment' | 'snapshot'
  format: number
  /** The place in the order of changes at which it begins. */
  seq: number
  /**
   * Where segments end that were given up after an error, by their number: what stands behind was never acknowledged, and
   * something else may have been since.
   */
  ends: Record<string, number>
}

/** One change of one task; in a snapshot, all there is of it. */
export interface ChangeLine {
  seq: number
  record: TaskRecord
  transitions: readonly TaskTransition[]
  errors: readonly TaskErrorRecord[]
}

export interface PruneLine {
  pruned: readonly string[]
}

/** An instance at one of its beats; null once it has left. */
export interface InstanceLine {
  instanceId: string
  instance: Omit<Instance, 'isAlive'> | null
}

export type Line = Header | ChangeLine | PruneLine | InstanceLine

const PREFIX = 9
const NEWLINE = 0x0a

/** How many bytes a line takes, given its JSON. */
export const lengthOfLine = (json: string): number => PREFIX + Buffer.byteLength(json) + 1

/** Puts a line, of that length, into `bytes`: `crc32 json\n`. */
export function writeLine(json: string, bytes: Buffer, start: number, length: number): void {
  const end = start + length - 1
  bytes.write(json, start + PREFIX)
  bytes.write(prefixOf(bytes.subarray(start + PREFIX, end)), start, 'latin1')
  bytes[end] = NEWLINE
}

/** The checksum as eight hexadecimal digits, of the UTF-8 bytes behind the space. */
const prefixOf = (json: Buffer): string => `${crc32(json).toString(16).padStart(8, '0')} `

export function encodeLine(line: Line): Buffer {
  const json = JSON.stringify(line)
  const bytes = Buffer.allocUnsafe(lengthOfLine(json))
  writeLine(json, bytes, 0, bytes.length)
  return bytes
}

/** What a line says, given without its newline; undefined where it is not what was written. */
export function decodeLine(bytes: Buffer): unknown {
  const json = bytes.subarray(PREFIX)
  if (bytes.toString('latin1', 0, PREFIX) !== prefixOf(json)) return undefined
  try {
    return JSON.parse(json.toString()) as unknown
  } catch {
    // The checksum is right by accident.
    return undefined
  }
}

/** The text of a line that could not be decoded, as far as there is one. */
export const textOfLine = (bytes: Buffer): string => bytes.subarray(PREFIX).toString()

/** Where the last whole line ends. */
export const endOfLines = (bytes: Buffer): number => bytes.lastIndexOf(NEWLINE) + 1

/** The lines in a piece that ends with a newline, each with where it begins. */
export function* linesOf(bytes: Buffer): Generator<[line: Buffer, offset: number]> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start)
    yield [bytes.subarray(start, end), start]
    start = end + 1
  }
}
