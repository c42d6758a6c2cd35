/**
 * Writes tasks through a supervisor until it is killed. A line on standard output says what the store has answered for, and
 * is written at once: `accepted <id>`, `persisted <id> <status> <code>`.
 */
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { TaskSupervisor, type TaskHandle } from '../../src/index.js'
import { earlyStore } from './early-store.js'
import { openPatiently } from './patience.js'
import { makeStore, type StoreConfig } from './stores.js'
import { startEndless, startTask, type RecordSize } from './tasks.js'

export interface ChildConfig {
  readonly store: StoreConfig
  readonly size: RecordSize
  /** Whether to say `persisted` before it is: the fault that the harness must find. */
  readonly isEarly: boolean
}

/** Tasks that live at the same time; large ones are 80 KB each. */
const AT_ONCE: Record<RecordSize, number> = { small: 96, large: 8 }
/** So many outcomes written, the code is warm and writes follow one another closely. */
const WARM: Record<RecordSize, number> = { small: 100, large: 4 }
const ENDLESS = 4

const config = JSON.parse(process.argv[2]!) as ChildConfig

function say(...words: string[]): void {
  let left = Buffer.from(`${words.join(' ')}\n`)
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(1, left))
    } catch (error) {
      // The pipe is full for as long as its reader has something else to do.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

const made = await makeStore(config.store)
const store = config.isEarly ? earlyStore(made) : made
const retention = { maxAge: Infinity, maxTasks: Infinity }
const supervisor = new TaskSupervisor({ store, retention, concurrency: 32, timeout: Infinity })
supervisor.on('store:error', ({ error }) => {
  say('trouble', error.message.replaceAll('\n', ' '))
})

let order = 0
let alive = 0
let persisted = 0
let isStopping = false

function follow(handle: TaskHandle<unknown>): void {
  void handle.accepted.then((isAccepted) => {
    if (isAccepted) say('accepted', handle.id)
  })
  void Promise.all([handle.settled, handle.persisted]).then(([outcome, isPersisted]) => {
    const code = outcome.status === 'completed' ? null : outcome.error.code
    if (isPersisted) say('persisted', handle.id, outcome.status, String(code))
    if (isPersisted && ++persisted === WARM[config.size]) say('running')
    alive--
    if (!isStopping) fill()
  })
}

function fill(): void {
  while (alive < AT_ONCE[config.size]) {
    alive++
    follow(startTask(supervisor, order++, config.size))
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (line === 'go') void run()
  if (line === 'stop') void stop()
})
// Whoever started this has gone.
lines.on('close', () => process.exit(0))
say('loaded')

async function run(): Promise<void> {
  say('opening', supervisor.instanceId)
  await openPatiently(supervisor)
  for (let i = 0; i < ENDLESS; i++) follow(startEndless(supervisor, order++))
  fill()
}

async function stop(): Promise<void> {
  isStopping = true
  const report = await supervisor.close({ mode: 'cancel', timeout: 30_000, grace: 10_000 })
  // Handles are told before close returns, and what they say comes a turn later.
  setImmediate(() => {
    say('closed', String(report.persisted))
    process.exit(0)
  })
}
