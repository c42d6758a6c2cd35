import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One deliberate fault: in one place or several, a text that must stand there exactly once is replaced. */
export interface Mutation {
  name: string
  /** What a user would suffer from. */
  breaks: string
  edits: readonly Edit[]
}

export interface Edit {
  file: string
  find: string
  replace: string
}

/** The common case of one edit. */
export const mutation = (name: string, breaks: string, file: string, find: string, replace: string): Mutation => ({
  name,
  breaks,
  edits: [{ file: `src/${file}`, find, replace }],
})

const ROOT = join(import.meta.dirname, '..', '..')

/** Where the catalogue is out of date: each text must stand where it is said to, once. */
export function faultsOf({ name, edits }: Mutation): string[] {
  return edits.flatMap(({ file, find }) => {
    const count = readFileSync(join(ROOT, file), 'utf8').split(find).length - 1
    return count === 1 ? [] : [`${name}: stands ${count} times in ${file}, not once: ${JSON.stringify(find)}`]
  })
}
