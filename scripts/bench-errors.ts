/**
 * Runs taskward and its peers over the hostile values of the tests, each in a child process that can be killed, and
 * prints how they fare; then what it costs to read a plain error. With `--write` it brings `docs/errors.md` up to date.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { HOSTILE_VALUES, type HostileValue } from '../test/support/hostile-values.js'
import { measureCosts } from './bench-errors/costs.js'
import { READER_NAMES, type ReaderName } from './bench-errors/readers.js'
import { classTable, costText, scoreTable, type Results } from './bench-errors/tables.js'
import { judge, type Answer, type Verdict } from './bench-errors/verdict.js'

const PAGE = new URL('../docs/errors.md', import.meta.url)
const CHILD = new URL('bench-errors/child.ts', import.meta.url)
const LIMIT_MS = 2000
const LARGE_LIMIT_MS = 8000

class Child {
  readonly #reader: ReaderName
  #process: ChildProcess | undefined

  constructor(reader: ReaderName) {
    this.#reader = reader
  }

  async answerTo(value: HostileValue, index: number): Promise<Answer> {
    const child = (this.#process ??= await startChild(this.#reader))
    const answer = await new Promise<Answer>((resolve) => {
      const fail = (failure: 'hangs' | 'crashes') => resolve({ failure, json: '', bytes: 0, ms: 0 })
      const timer = setTimeout(() => fail('hangs'), value.isLarge ? LARGE_LIMIT_MS : LIMIT_MS)
      child.once('message', (message) => resolve(message as Answer))
      child.once('exit', () => fail('crashes'))
      child.send(index)
      child.once('message', () => clearTimeout(timer)).once('exit', () => clearTimeout(timer))
    })
    child.removeAllListeners()
    if (answer.failure === 'hangs' || answer.failure === 'crashes') this.stop()
    return answer
  }

  stop(): void {
    this.#process?.kill('SIGKILL')
    this.#process = undefined
  }
}

const startChild = (reader: ReaderName): Promise<ChildProcess> => {
  const child = fork(CHILD, [reader], {
    execArgv: ['--import', 'tsx', '--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
  return new Promise((resolve) => child.once('message', () => resolve(child)))
}

const resultsOf = async (reader: ReaderName): Promise<Map<string, Verdict>> => {
  const child = new Child(reader)
  const verdicts = new Map<string, Verdict>()
  for (const [index, value] of HOSTILE_VALUES.entries()) {
    verdicts.set(value.name, judge(value, await child.answerTo(value, index)))
  }
  child.stop()
  return verdicts
}

const results = {} as Results
for (const reader of READER_NAMES) results[reader] = await resultsOf(reader)
const costs = await measureCosts()

const sections: Record<string, string> = {
  score: `${String(HOSTILE_VALUES.length)} values, Node ${process.versions.node}:\n\n${scoreTable(results)}`,
  classes: classTable(results),
  costs: costText(costs),
}
console.log(Object.values(sections).join('\n\n'))
for (const [name, verdict] of results.taskward) {
  const { survives, bounded, jsonSafe, causeKept, codeKept, noSecretLeaked } = verdict
  if ([survives, bounded, jsonSafe, causeKept, codeKept, noSecretLeaked].includes(false)) {
    console.log(`taskward falls short on ${name}:`, verdict)
    process.exitCode = 1
  }
}

if (process.argv.includes('--write')) {
  const page = Object.entries(sections).reduce(
    (text, [name, section]) =>
      text.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`),
        (_, begin: string, end: string) => `${begin}\n${section}\n\n${end}`,
      ),
    readFileSync(PAGE, 'utf8'),
  )
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), parser: 'markdown' }))
}
