import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CommitAnswer, TaskChange, TaskStore } from '../../store.js'
import type { StoreChild } from './subject.js'

/** The methods of a store that a test calls in another process. */
type Called = { [K in 'beat' | 'get']: TaskStore[K] }

/**
 * What the other process runs. As text, so that it needs no file of its own in whatever way this package is bundled, and no
 * loader but the one that the subject's module asks for.
 */
const PROGRAM = `
const calls = {
  open: async ({ module, args }) => {
    const made = await import(module)
    // A module in CommonJS, or one compiled to it, has its default export one step further in.
    const make = typeof made.default === 'function' ? made.default : made.default.default
    calls.store = await make(args)
    await calls.store.open()
  },
  // Batch after batch, or all at once.
  commit: async ({ batches, atOnce }) => {
    if (atOnce) return Promise.all(batches.map((batch) => calls.store.commit(batch)))
    const answers = []
    for (const batch of batches) answers.push(await calls.store.commit(batch))
    return answers
  },
  call: ({ method, args }) => calls.store[method](...args),
  close: () => calls.store.close(),
}
process.on('message', async ({ number, what, ...asked }) => {
  try {
    process.send({ number, answer: await calls[what](asked) })
  } catch (error) {
    process.send({ number, error: String(error?.stack ?? error) })
  }
})
// A process that the test has lost ends itself.
process.on('disconnect', () => process.exit())
`

/** A store on the same place in a process of its own. */
export class StoreProcess {
  readonly #child: StoreChild
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  #number = 0
  #output = ''

  constructor(child: StoreChild) {
    this.#child = child
    const { execArgv = [] } = child
    this.#process = spawn(process.execPath, [...execArgv, '--input-type=module', '--eval', PROGRAM], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      // What a test runner has set for its own workers is not for this process.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (text: Buffer) => (this.#output += text.toString()))
    this.#process.on('message', ({ number, answer, error }: Answered) => {
      const waiting = this.#waiting.get(number)
      this.#waiting.delete(number)
      if (error === undefined) waiting?.resolve(answer)
      else waiting?.reject(new Error(`In the other process: ${error}`))
    })
    this.#process.on('error', (error) => this.#fail(error.message))
    this.#process.on('close', (code, signal) => this.#fail(`it ended with ${String(signal ?? code)}: ${this.#output}`))
  }

  open(): Promise<void> {
    const { module, args } = this.#child
    return this.#ask('open', { module: urlOf(module), args }) as Promise<void>
  }

  /** One batch after the other. */
  commit(batches: readonly (readonly TaskChange[])[]): Promise<CommitAnswer[][]> {
    return this.#ask('commit', { batches, atOnce: false }) as Promise<CommitAnswer[][]>
  }

  commitAtOnce(batches: readonly (readonly TaskChange[])[]): Promise<CommitAnswer[][]> {
    return this.#ask('commit', { batches, atOnce: true }) as Promise<CommitAnswer[][]>
  }

  call<K extends keyof Called>(method: K, ...args: Parameters<Called[K]>): ReturnType<Called[K]> {
    return this.#ask('call', { method, args }) as ReturnType<Called[K]>
  }

  close(): Promise<void> {
    return this.#ask('close', {}) as Promise<void>
  }

  /** Ends it at once, with no chance to say so to anybody, if it still runs. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'close')
    this.#process.kill('SIGKILL')
    await ended
  }

  #ask(what: string, asked: object): Promise<unknown> {
    const number = ++this.#number
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject })
      this.#process.send({ number, what, ...asked }, (error) => {
        if (error) reject(error)
      })
    })
  }

  #fail(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(`The other process is gone: ${why}`))
    this.#waiting.clear()
  }
}

interface Answered {
  number: number
  answer?: unknown
  error?: string
}

const urlOf = (module: string | URL): string =>
  typeof module === 'string' && isAbsolute(module) ? pathToFileURL(module).href : String(module)
