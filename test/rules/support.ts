import { spawn } from 'node:child_process'
import {
  memoryStore,
  TaskSupervisor,
  type SpawnOptions,
  type TaskEventName,
  type TaskEvents,
  type TaskHandle,
  type TaskStore,
  type TaskSupervisorOptions,
} from 'taskward'
import { manualClock, type ManualClock } from 'taskward/testing'

/** Ends when all that is queued in this turn of the event loop has run, promise reactions included. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Enough turns for a record to go from an outcome to a store and for idleness to be noticed. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** Microtasks alone: no timer and no event of the loop comes in between. */
export async function microtasks(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve()
}

export const never = (): Promise<never> => new Promise(() => undefined)

export interface Deferred<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: unknown) => void
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

export interface Clocked {
  clock: ManualClock
  supervisor: TaskSupervisor
}

/** A supervisor on a clock that stands still. */
export function clocked(options: TaskSupervisorOptions = {}): Clocked {
  const clock = manualClock()
  return { clock, supervisor: new TaskSupervisor({ clock, ...options }) }
}

/** A task that runs until its deferred settles. */
export interface Held<T> extends Deferred<T> {
  handle: TaskHandle<T>
}

export function hold<T = void>(supervisor: TaskSupervisor, options: SpawnOptions = {}): Held<T> {
  const gate = deferred<T>()
  return { ...gate, handle: supervisor.spawn(() => gate.promise, { name: 'held', ...options }) }
}

/** A memory store whose methods can be replaced one by one. */
export function fakeStore(replaced: Partial<TaskStore> = {}): TaskStore {
  return { ...memoryStore(), kind: 'fake', ...replaced }
}

/** One that is told of every change, as a database would be. */
export const durableStore = (replaced: Partial<TaskStore> = {}): TaskStore =>
  fakeStore({ kind: 'durable', capabilities: { durable: true, shared: false, push: false }, ...replaced })

export type Seen = { [E in TaskEventName]: { event: E; payload: TaskEvents[E] } }[TaskEventName]

export const EVENTS = [
  'task:spawned',
  'task:started',
  'task:progress',
  'task:retrying',
  'task:stopping',
  'task:completed',
  'task:failed',
  'task:cancelled',
  'task:settled',
  'task:abandoned',
  'task:late',
  'service:started',
  'service:restarting',
  'service:failed',
  'service:stopped',
  'supervisor:saturated',
  'supervisor:idle',
  'supervisor:closed',
  'store:error',
  'store:recovered',
  'hook:error',
] as const satisfies readonly TaskEventName[]

/** Everything announced from now on, in order. */
export function record(supervisor: TaskSupervisor, events: readonly TaskEventName[] = EVENTS): Seen[] {
  const seen: Seen[] = []
  for (const event of events) supervisor.on(event, (payload) => void seen.push({ event, payload } as Seen))
  return seen
}

export const namesOf = (seen: readonly Seen[]): string[] => seen.map(({ event }) => event)

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  durationMs: number
}

/** Runs a script of `fixtures/` in a process of its own; ends it by force after `limitMs`. */
export function runFixture(
  script: string,
  args: readonly string[] = [],
  { nodeArgs = [], limitMs = 55_000 }: { nodeArgs?: readonly string[]; limitMs?: number } = {},
): Promise<Ended> {
  const file = new URL(`fixtures/${script}`, import.meta.url)
  const startedAt = performance.now()
  const child = spawn(process.execPath, [...nodeArgs, '--import', 'tsx', file.pathname, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      resolve({ code, signal, stdout, stderr, durationMs: performance.now() - startedAt })
    })
  })
}
