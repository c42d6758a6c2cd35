import { HOSTILE_VALUES } from '../../test/support/hostile-values.js'
import { READERS, type ReaderName } from './readers.js'
import type { Answer } from './verdict.js'

/** So much of what was written goes back to the parent; larger is too large anyway. */
const REPORTED = 4 * 1024 * 1024

const read = READERS[process.argv[2] as ReaderName]
process.on('unhandledRejection', () => {})

const answerTo = (index: number): Answer => {
  const thrown = HOSTILE_VALUES[index]!.make()
  const start = performance.now()
  let given: unknown
  try {
    given = read(thrown)
  } catch {
    return { failure: 'throws', json: '', bytes: 0, ms: 0 }
  }
  const ms = performance.now() - start
  try {
    const json = (JSON.stringify(given) as string | undefined) ?? ''
    return { failure: null, json: json.slice(0, REPORTED), bytes: Buffer.byteLength(json), ms }
  } catch {
    return { failure: 'not JSON', json: '', bytes: 0, ms }
  }
}

for (let i = 0; i < 200; i++) read(new Error('warm up'))
process.on('message', (index: number) => process.send!(answerTo(index)))
process.send!('ready')
