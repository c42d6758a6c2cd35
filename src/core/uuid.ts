/** The largest sequence number that fits the twelve bits a UUIDv7 has for order within one millisecond. */
export const MAX_UUID_SEQUENCE = 0xfff

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * Builds a UUIDv7 (RFC 9562): 48 bits of time, 12 bits of order within that millisecond, 62 random bits.
 *
 * @param atMs epoch milliseconds
 * @param sequence 0 to {@link MAX_UUID_SEQUENCE}, rising within one millisecond, so that ids sort as they were made
 * @param random a source of random bytes, of which eight from `offset` are used
 */
export function uuidv7(atMs: number, sequence: number, random: Uint8Array, offset: number): string {
  const time = atMs.toString(16).padStart(12, '0')
  const variant = HEX[(random[offset]! & 0x3f) | 0x80]! + HEX[random[offset + 1]!]!
  let node = ''
  for (let index = offset + 2; index < offset + 8; index++) node += HEX[random[index]!]!
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}-${variant}-${node}`
}
