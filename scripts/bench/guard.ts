import { setImmediate as turn } from 'node:timers/promises'
import PQueue from 'p-queue'
import { TaskSupervisor } from '../../src/index.js'
import { handled } from './contender.js'
import { median } from './rounds.js'
import { makeWork } from './work.js'

export interface GuardAnswer {
  readonly median: number
  readonly ratios: readonly number[]
}

const TASKS = 10_000
const CAP = 50
const WARM_UPS = 4
const ROUNDS = 5

const work = makeWork('no-op')
const supervisor = new TaskSupervisor({ concurrency: CAP, queueLimit: Infinity })
const queue = new PQueue({ concurrency: CAP })

/** Nanoseconds of the processor's time for a task of a burst: others may use the machine too. */
async function burst(start: () => void, idle: () => Promise<unknown>): Promise<number> {
  globalThis.gc!()
  const ended = work.ended(TASKS)
  const before = process.cpuUsage()
  for (let i = 0; i < TASKS; i++) start()
  await ended
  await idle()
  // What taskward leaves for the end of the turn counts too.
  await turn()
  await turn()
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1e3) / TASKS
}

const ratios: number[] = []
for (let round = -WARM_UPS; round < ROUNDS; round++) {
  const mine = await burst(
    () => void supervisor.spawn(work.run),
    () => supervisor.onIdle(),
  )
  const plain = await burst(
    () => void queue.add(work.run).catch(handled),
    () => queue.onIdle(),
  )
  if (round >= 0) ratios.push(mine / plain)
}
const answer: GuardAnswer = { median: median(ratios), ratios }
process.send!(answer)
