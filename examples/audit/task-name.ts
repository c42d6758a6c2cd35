const MOST_BYTES = 256
const ELLIPSIS = '…'

/** A path as the name of a task, which has 256 bytes at most: of a longer path its end, which tells more than its start. */
export function taskName(path: string): string {
  let bytes = Buffer.from(path)
  if (bytes.length <= MOST_BYTES) return path
  bytes = bytes.subarray(-(MOST_BYTES - Buffer.byteLength(ELLIPSIS)))
  // No character is cut in two: what goes on from one cut away begins with the bits 10.
  while ((bytes[0]! & 0xc0) === 0x80) bytes = bytes.subarray(1)
  return ELLIPSIS + bytes.toString()
}
