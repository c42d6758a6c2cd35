import { TaskSupervisor, type TaskStore } from '../../src/index.js'
import { openPatiently } from './patience.js'
import { makeStore, type StoreConfig } from './stores.js'
import { metadataOf, type RecordSize } from './tasks.js'
import { Witness, type Fault } from './witness.js'
import { Acknowledged, Writer } from './writer.js'

/** From when a writer says that it is running until it is killed. */
const MOST_MS = 60
/** One in so many is killed while it opens the store and takes over from the one before. */
const OPENING_EVERY = 6
const LOOK_EVERY = 10
/** What is pruned would look lost. */
const KEEP_ALL = { maxAge: Infinity, maxTasks: Infinity }

export interface KillOptions {
  readonly kills: number
  /** Numbers from 0 to below 1. */
  readonly random: () => number
  readonly isEarly?: boolean
}

/** What became of a store whose writers were killed. */
export interface CrashReport {
  /** Processes or servers killed, connections cut, or copies damaged. */
  readonly kills: number
  /** How many tasks the store had answered for, with their outcome. */
  readonly acknowledged: number
  readonly faults: readonly Fault[]
}

/**
 * Has one writer after another killed in the middle of its work, on the same data, and looks at the data every now and then as
 * the next process would. Of a store that processes can share, one process lives on all the while.
 */
export async function killWriters(
  config: StoreConfig,
  { kills, random, isEarly = false }: KillOptions,
): Promise<CrashReport> {
  const acknowledged = new Acknowledged()
  const witness = new Witness(acknowledged)
  const ready = (kill: number): Writer => {
    // Pages are torn by what is long, and batches by what is short.
    const size: RecordSize = kill % 2 === 0 ? 'small' : 'large'
    return new Writer({ store: config, size, isEarly }, acknowledged)
  }
  const bystander = await Bystander.start(config, witness)
  const faults = new Map<string, Fault>()
  const look = async (isThorough: boolean): Promise<void> => {
    for (const fault of await lookAsNext(config, witness, { isThorough }))
      faults.set(`${fault.id} ${fault.what}`, fault)
  }
  let next = ready(0)
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const writer = next
      await writer.open()
      if (kill % OPENING_EVERY !== 0) await writer.running()
      if (kill < kills) next = ready(kill)
      await new Promise((resolve) => setTimeout(resolve, random() * MOST_MS))
      await writer.kill()
      if (kill % LOOK_EVERY === 0 || kill === kills) await look(false)
    }
    // Whoever looks twice sees the same.
    await look(true)
  } finally {
    await next.kill().catch(() => undefined)
    await bystander?.stop()
  }
  return { kills, acknowledged: acknowledged.persisted.size, faults: [...faults.values()] }
}

/** Opens the store as the next process would, recovery included, and looks at it. */
export async function lookAsNext(
  config: StoreConfig,
  witness: Witness,
  options: { isThorough: boolean },
): Promise<Fault[]> {
  const store = await makeStore(config)
  const supervisor = new TaskSupervisor({ store, retention: KEEP_ALL })
  await openPatiently(supervisor)
  try {
    return await witness.look(store, options)
  } finally {
    await supervisor.close()
  }
}

/** A supervisor of this process with tasks that run all the time. */
class Bystander {
  readonly #supervisor: TaskSupervisor

  private constructor(supervisor: TaskSupervisor) {
    this.#supervisor = supervisor
  }

  static async start(config: StoreConfig, witness: Witness): Promise<Bystander | null> {
    const store: TaskStore = await makeStore(config)
    if (!store.capabilities.shared) return null
    const supervisor = new TaskSupervisor({ store, retention: KEEP_ALL, timeout: Infinity, concurrency: 2 })
    await openPatiently(supervisor)
    // The third waits for a slot.
    const handles = [0, 1, 2].map((order) =>
      supervisor.spawn(() => new Promise(() => undefined), { metadata: metadataOf(order, 'small') }),
    )
    await Promise.all(handles.map((handle) => handle.accepted))
    for (const { id } of handles) {
      const record = await store.get(id)
      if (record) witness.watch(record)
    }
    return new Bystander(supervisor)
  }

  async stop(): Promise<void> {
    await this.#supervisor.close({ mode: 'cancel', timeout: 5_000, grace: 0 })
  }
}
