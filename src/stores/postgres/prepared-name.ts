import { createHash } from 'node:crypto'

/** There are few texts, since values are no part of them: by what a batch has in it, and by schema. */
const names = new Map<string, string>()

/**
 * The name under which a statement is prepared. It says all of the text, so that a connection which somebody else has used
 * before cannot have another statement by this name.
 */
export function preparedName(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = `taskward_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
    names.set(text, name)
  }
  return name
}
