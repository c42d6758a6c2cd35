import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import type { ChildConfig } from './child.js'
import type { Fate } from './tasks.js'

const CHILD = new URL('child.ts', import.meta.url).pathname

/** What the store has answered for, as far as its writers could say so before they were killed. */
export class Acknowledged {
  readonly accepted = new Set<string>()
  readonly persisted = new Map<string, Fate>()
}

/** A child process that writes tasks. It has loaded its code, and begins when it is told to, so that one can be kept ready. */
export class Writer {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #acknowledged: Acknowledged
  readonly #waiting: { word: string; resolve: (rest: string) => void; reject: (error: Error) => void }[] = []
  readonly #ended: Promise<void>
  readonly #loaded: Promise<string>
  #torn = ''
  #errors = ''
  #isExpected = false
  /** What it said of the store being out of reach, last. */
  trouble = ''

  constructor(config: ChildConfig, acknowledged: Acknowledged) {
    this.#acknowledged = acknowledged
    this.#child = spawn(process.execPath, ['--import', 'tsx', CHILD, JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#child.stdin.on('error', () => undefined)
    this.#child.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.#hear(text)
    })
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        const error = new Error(`A writer ended by itself (${String(signal ?? code)}): ${this.#errors}`)
        for (const { reject } of this.#waiting.splice(0)) reject(error)
        resolve()
      })
    })
    this.#loaded = this.#word('loaded')
    this.#loaded.catch(() => undefined)
  }

  /** Opens the store; gives the id of its supervisor. */
  async open(): Promise<string> {
    await this.#loaded
    const opening = this.#word('opening')
    this.#child.stdin.write('go\n')
    return opening
  }

  /** Resolves once the store is open and tasks are being written. */
  async running(): Promise<void> {
    await this.#word('running')
  }

  /** SIGKILL, after which everything that it had said has been read. */
  async kill(): Promise<void> {
    if (!this.#isExpected && (this.#child.exitCode !== null || this.#child.signalCode !== null)) {
      throw new Error(`A writer ended before it was killed: ${this.#errors}`)
    }
    this.#isExpected = true
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Has it end its tasks and close; gives whether everything was in the store. */
  async stop(): Promise<boolean> {
    const closed = this.#word('closed')
    this.#isExpected = true
    this.#child.stdin.write('stop\n')
    const isPersisted = (await closed) === 'true'
    await this.#ended
    return isPersisted
  }

  #word(word: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ word, resolve, reject })
    })
  }

  #hear(text: string): void {
    const lines = (this.#torn + text).split('\n')
    // The last line counts only once it is whole.
    this.#torn = lines.pop()!
    for (const line of lines) this.#take(line)
  }

  #take(line: string): void {
    const [word, id, status, code] = line.split(' ')
    if (word === 'accepted') this.#acknowledged.accepted.add(id!)
    else if (word === 'persisted') {
      this.#acknowledged.persisted.set(id!, { status, code: code === 'null' ? null : code } as Fate)
    } else if (word === 'trouble') this.trouble = line.slice('trouble '.length)
    else {
      const index = this.#waiting.findIndex((waiting) => waiting.word === word)
      if (index !== -1) this.#waiting.splice(index, 1)[0]!.resolve(id ?? '')
    }
  }
}
