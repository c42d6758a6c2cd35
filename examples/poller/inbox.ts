import { setTimeout as sleep } from 'node:timers/promises'

/** What one poll after the other finds: messages, a broken connection, one that never answers, more messages. */
const answers: (readonly string[] | 'reset' | 'silence')[] = [
  ['invoice 1', 'invoice 2'],
  'reset',
  ['reminder 3'],
  'silence',
  ['invoice 4', 'invoice 5', 'invoice 6', 'invoice 7', 'invoice 8'],
]

let tellAllFetched: () => void
/** Resolves when the last message has been fetched. */
export const allFetched = new Promise<void>((resolve) => (tellAllFetched = resolve))

export async function fetchMessages(signal: AbortSignal): Promise<readonly string[]> {
  const answer = answers.shift() ?? []
  if (answers.length === 0) tellAllFetched()
  if (answer === 'reset') throw new Error('connection reset')
  if (answer === 'silence') return sleep(60_000, [], { signal })
  return answer
}
