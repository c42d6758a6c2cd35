/*
 * What a script answers, as it comes from ioredis: texts, integers, null and arrays of these. The scripts are our own, so
 * that a look at the outside is enough; what they found in Redis may be anything.
 */

export const listOf = (reply: unknown): readonly unknown[] => (Array.isArray(reply) ? (reply as unknown[]) : [])

export const textOf = (reply: unknown): string | null => (typeof reply === 'string' ? reply : null)

export const numberOf = (reply: unknown): number => Number(reply ?? Number.NaN)

/** Fields and values in turn, as a map; null where there are none. */
export function fieldsOf(reply: unknown): Map<string, string> | null {
  if (!Array.isArray(reply)) return null
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < reply.length; index += 2) fields.set(String(reply[index]), String(reply[index + 1]))
  return fields
}
