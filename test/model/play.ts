import { compareAfterTurns, compareInPassing, compareNow } from './compare.js'
import { compareStates } from './compare-places.js'
import { Disagreement, holds, same } from './disagreement.js'
import { Driver } from './driver.js'
import { numberOf } from './options.js'
import { hasStopped, isIdle, runsOf } from './reference-facts.js'
import { Undecided } from './reference-time.js'
import { orderOf } from './order-of.js'
import type { Schedule, Step } from './schedule.js'

/** How closely a schedule is watched. */
export interface Care {
  /** After one in so many steps all is compared, after the others what should have changed. @default 1 */
  wholeEvery?: number
  /** So many steps at the beginning have been compared before. @default 0 */
  known?: number
}

/** Plays a schedule to supervisor and model, compares them after every step, and sees that everything comes to an end. */
export async function play(schedule: Schedule, care: Care = {}): Promise<void> {
  const game = new Game(schedule, care)
  try {
    for (const step of schedule.steps) {
      const playing = game.play(step)
      // An await is a turn of its own, and some steps must not have one.
      if (playing) await playing
    }
    if (schedule.finale !== 'none') await game.finish(schedule.finale)
  } catch (thrown) {
    if (thrown instanceof Undecided) {
      game.giveUp()
      return
    }
    if (thrown instanceof Disagreement) thrown.message += `\n  ${game.position}`
    throw thrown
  }
}

const CLOSE = { do: 'close', scope: null, turns: 3 } as const

class Game {
  readonly #driver: Driver
  readonly #care: Required<Care>
  #round = 0
  #last: Step | null = null

  constructor({ setup, listenersThrow = false }: Schedule, { wholeEvery = 1, known = 0 }: Care) {
    this.#driver = new Driver(setup, listenersThrow)
    this.#care = { wholeEvery, known }
  }

  /** Leaves nothing behind that would keep the process. */
  giveUp(): void {
    const { supervisor, clock } = this.#driver
    void supervisor.close({ mode: 'cancel', timeout: 0, grace: 0 })
    clock.advance(1)
  }

  get position(): string {
    return `in round ${this.#round}, after ${JSON.stringify(this.#last)}`
  }

  play(step: Step): Promise<void> | null {
    this.#round++
    this.#last = step
    const passing = this.#driver.play(step)
    if (passing) return this.#compareWhen(passing)
    this.#compare()
    return null
  }

  /** Gives whether it was in whole. */
  #compare(): boolean {
    const { wholeEvery, known } = this.#care
    if (this.#round <= known) return false
    const isWhole = this.#round % wholeEvery === 0
    if (isWhole) compareNow(this.#driver)
    else compareInPassing(this.#driver)
    return isWhole
  }

  async #compareWhen(passing: Promise<number>): Promise<void> {
    const turns = await passing
    const isWhole = this.#compare()
    if (turns === 0 || this.#round <= this.#care.known) return
    compareAfterTurns(this.#driver, turns)
    if (!isWhole) return
    compareStates(this.#driver)
    await this.#askForOne()
  }

  /** One task is asked for by its id. */
  async #askForOne(): Promise<void> {
    const { model, actors, supervisor } = this.#driver
    const task = model.tasks[this.#round % Math.max(1, model.tasks.length)]
    if (!task || !this.#driver.isKnown(task)) return
    const { handle } = actors[task.number]!
    same('get(), against snapshot()', await supervisor.get(handle.id), handle.snapshot())
  }

  /** With nothing in the way any more everything ends: nothing is stuck, nothing is left behind. */
  async finish(finale: Schedule['finale']): Promise<void> {
    const { model, actors, clock, supervisor } = this.#driver
    await this.play({ do: 'resume', turns: 3 })
    if (finale === 'close') await this.play({ ...CLOSE, mode: 'drain', timeout: 31, grace: 9 })
    if (finale === 'close now') await this.play({ ...CLOSE, mode: 'cancel', timeout: 31, grace: 10 })
    if (finale === 'abandon') await this.#cancelAll()
    if (finale !== 'settle') await this.#pass(50)
    for (let rounds = 0; !this.#isSettled && rounds < 20 * model.tasks.length; rounds++) {
      const canSettle = runsOf(model).some((run) => this.#driver.canSettle(run))
      if (canSettle) await this.play({ do: 'settle', pick: 0, how: 'ok', turns: 1 })
      else await this.#cancelAll()
    }
    await this.#pass(50)
    holds('everything ends', this.#isSettled && isIdle(model))
    compareNow(this.#driver)
    await supervisor.onIdle()
    await this.#compareStored()

    await this.play({ ...CLOSE, mode: 'drain', timeout: 7, grace: 3 })
    await this.#pass(10)
    // Where a closing before has all the time in the world, so have the services.
    while (this.#driver.troupe.thoseThatCanSettle.length > 0)
      await this.play({ do: 'settle a service', pick: 0, how: 'reason', turns: 1 })
    await this.play({ do: 'spawn', order: orderOf('returns'), from: null, sameIdAs: null, turns: 3 })
    for (const actor of actors) actor.hasBeenChecked = false
    compareNow(this.#driver)
    same('timers left on the clock', clock.timers, 0)
  }

  get #isSettled(): boolean {
    return this.#driver.model.tasks.every(hasStopped)
  }

  async #cancelAll(): Promise<void> {
    await this.play({ do: 'cancel those', where: {}, turns: 3 })
  }

  async #pass(ms: number): Promise<void> {
    await this.play({ do: 'advance', ms, inOneLeap: false, turns: 3 })
  }

  /** What can be asked for afterwards: histories, the list, errors, and whether the store has it all. */
  async #compareStored(): Promise<void> {
    const { model, actors, supervisor, startedAt } = this.#driver
    const known = model.tasks.filter((task) => this.#driver.isKnown(task))
    for (const task of known) {
      const { handle } = actors[task.number]!
      const history = await supervisor.history(handle.id)
      const seen = history.map(({ from, to, at, attempt, reason }) => ({
        from,
        to,
        at: at - startedAt,
        attempt,
        reason,
      }))
      same('history()', seen, task.history)
      same('accepted and persisted', [await handle.accepted, await handle.persisted], [true, true])
    }
    const statuses = known.map(({ number, status }) => `${number} ${status}`)
    same('list()', (await this.#list()).sort(), statuses.sort())

    const { items } = await supervisor.errors({ limit: 1_000 })
    const seen = items.map(({ taskId, attempt, error }) => `${taskId} ${attempt} ${error.code}`)
    const expected = known.flatMap(({ number, failures }) =>
      failures.map(({ attempt, code }) => `${actors[number]!.handle.id} ${attempt} ${code}`),
    )
    // A second task of an id fails under that id.
    const lent = model.tasks.flatMap(({ order }) => (order.idOf === null ? [] : actors[order.idOf]!.handle.id))
    const isOwn = (line: string) => !line.endsWith('TASK_DUPLICATE') || !lent.includes(line.split(' ', 1)[0]!)
    same('errors()', seen.filter(isOwn).sort(), expected.filter(isOwn).sort())
  }

  async #list(): Promise<string[]> {
    const lines: string[] = []
    let cursor: string | null | undefined
    do {
      const page = await this.#driver.supervisor.list({ limit: 20, cursor: cursor ?? undefined })
      lines.push(...page.items.map((record) => `${numberOf(record)} ${record.status}`))
      cursor = page.nextCursor
    } while (cursor !== null)
    return lines
  }
}
