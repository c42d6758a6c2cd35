import type { JsonValue, TaskContext, TaskHandle, TaskStatus, TaskSupervisor } from '../../src/index.js'

/** How a task of the crash tests ends. */
export interface Fate {
  readonly status: TaskStatus
  readonly code: string | null
}

/** Of about 200 bytes, or so large that one write of a batch covers many pages: what can be torn must be long. */
export type RecordSize = 'small' | 'large'

/** Nearly all that a record may hold. */
const LARGE_BYTES = 15_000

/** What the record of a task says of itself, so that a reader can tell whether it is whole. */
export function metadataOf(order: number, size: RecordSize): Record<string, JsonValue> {
  return { order, size, filling: size === 'small' ? '' : String.fromCharCode(97 + (order % 26)).repeat(LARGE_BYTES) }
}

export const messageOf = (id: string): string => `the card of ${id} was declined`

/** Starts a task whose fate follows from its number. */
export function startTask(supervisor: TaskSupervisor, order: number, size: RecordSize): TaskHandle<unknown> {
  const options = { name: `crash ${size}`, owner: `owner ${String(order % 7)}`, metadata: metadataOf(order, size) }
  switch (order % 5) {
    case 0:
      return supervisor.spawn(() => order, options)
    case 1:
      return supervisor.spawn(async () => {
        await soon()
        return order
      }, options)
    case 2:
      return supervisor.spawn(async ({ id }) => {
        await soon()
        throw new DeclinedError(messageOf(id), size)
      }, options)
    case 3: {
      const handle = supervisor.spawn(endless, options)
      setImmediate(() => handle.cancel('no longer wanted'))
      return handle
    }
    default:
      return supervisor.spawn(endless, { ...options, timeout: 5 })
  }
}

/** Starts a task that outlives its process. */
export function startEndless(supervisor: TaskSupervisor, order: number): TaskHandle<unknown> {
  return supervisor.spawn(endless, { name: 'crash endless', metadata: metadataOf(order, 'small') })
}

class DeclinedError extends Error {
  readonly code = 'E_CARD'
  /** Twenty fields, as a record keeps no longer text in one. */
  readonly receipt: string[]

  constructor(message: string, size: RecordSize) {
    super(message)
    this.receipt = size === 'small' ? [] : Array.from({ length: 14 }, () => 'r'.repeat(2_000))
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Stops when it is told to, and not before. */
const endless = ({ signal }: TaskContext): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
