import type { Connection } from './connection.js'

/** Does what needs the database, now or when it is free, and then lets everything else have its turn. */
export type Use = <T>(work: (connection: Connection) => T) => Promise<T>

/** Does what would hold up the thread in steps of so many items. */
export async function inSteps<Item, Answer>(
  items: readonly Item[],
  size: number,
  work: (step: Item[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let done = 0; done < items.length; done += size) answers.push(...(await work(items.slice(done, done + size))))
  return answers
}
