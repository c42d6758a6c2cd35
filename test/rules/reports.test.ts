import { describe, expect, it } from 'vitest'
import { formatStatus, TaskSupervisor, type Logger, type SupervisorStatus, type TaskSupervisorOptions } from 'taskward'
import { clocked, hold, never, record, turns } from './support.js'

interface Line {
  level: keyof Logger
  message: string
  fields: Record<string, unknown>
}

/** A supervisor whose log is kept. */
function logged(options: TaskSupervisorOptions = {}) {
  const lines: Line[] = []
  const at = (level: keyof Logger) => (message: string, fields: Record<string, unknown>) =>
    void lines.push({ level, message, fields })
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { lines, ...clocked({ logger, ...options }) }
}

const levelsOf = (lines: readonly Line[], name: string): string[] =>
  lines.filter(({ fields }) => fields['name'] === name).map(({ level }) => level)

describe('the logger', () => {
  it('is told of start and completion at debug, cancellation at info, failure at error', async () => {
    const { lines, supervisor } = logged()
    await supervisor.spawn(() => 1, { name: 'completes' }).settled
    await supervisor.spawn(() => Promise.reject(new Error('no')), { name: 'fails' }).settled
    const cancelled = hold(supervisor, { name: 'is cancelled' })
    cancelled.handle.cancel()
    supervisor.pause()
    supervisor.spawn(() => 1, { name: 'never runs' }).cancel()
    expect(levelsOf(lines, 'completes')).toEqual(['debug', 'debug'])
    expect(levelsOf(lines, 'fails')).toEqual(['debug', 'error'])
    expect(levelsOf(lines, 'is cancelled')).toEqual(['debug', 'info'])
    expect(levelsOf(lines, 'never runs')).toEqual(['info'])
    cancelled.resolve()
    await turns()
  })

  it('is told at error of a timeout, in the queue too, and at warn of what is abandoned or late', () => {
    const { clock, lines, supervisor } = logged({ concurrency: 1, timeout: 10, grace: 10 })
    supervisor.spawn(never, { name: 'times out' })
    supervisor.spawn(never, { name: 'waits too long', queueTimeout: 5 })
    clock.advance(10)
    clock.advance(10)
    expect(levelsOf(lines, 'times out')).toEqual(['debug', 'error', 'warn'])
    expect(levelsOf(lines, 'waits too long')).toEqual(['error'])
  })

  it('keeps what comes from outside out of the message, so that no name can forge a line', async () => {
    const { lines, supervisor } = logged()
    const name = 'a\n[error] taskward: forged'
    await supervisor.spawn(() => Promise.reject(new Error('b\u001b[31m forged')), { name }).settled
    expect(lines.length).toBeGreaterThan(1)
    for (const { message } of lines) expect(message).not.toMatch(/forged|\n/)
    expect(lines[0]!.fields).toMatchObject({ name, attempt: 1, owner: null })
    expect(lines.find(({ level }) => level === 'error')!.fields).toMatchObject({
      error: { message: expect.any(String) },
    })
  })

  it.each([{}, { debug: () => undefined }, null, 5, 'console'])('that is %j is misuse', (logger) => {
    expect(() => new TaskSupervisor({ logger: logger as never })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  it('may be the console, or an object of a class whose methods need their this', async () => {
    class Kept {
      readonly #lines: string[] = []
      #keep(message: string): void {
        this.#lines.push(message)
      }
      get count(): number {
        return this.#lines.length
      }
      debug(message: string): void {
        this.#keep(message)
      }
      info(message: string): void {
        this.#keep(message)
      }
      warn(message: string): void {
        this.#keep(message)
      }
      error(message: string): void {
        this.#keep(message)
      }
    }
    const logger = new Kept()
    const supervisor = new TaskSupervisor({ logger })
    const seen = record(supervisor, ['hook:error'])
    await supervisor.spawn(() => 1).settled
    expect([logger.count, seen]).toEqual([2, []])
  })
})

describe('saturation', () => {
  it('of the slots is announced and warned of once, and again when the queue has been empty', async () => {
    const { lines, supervisor } = logged({ concurrency: 1 })
    const seen = record(supervisor, ['supervisor:saturated'])
    for (let round = 1; round <= 2; round++) {
      const held = hold(supervisor)
      expect(seen).toHaveLength(round - 1)
      for (let i = 0; i < 5; i++) supervisor.spawn(() => i)
      expect(seen).toHaveLength(round)
      expect(seen.at(-1)!.payload).toMatchObject({ reason: 'concurrency', running: 1, waiting: 1 })
      held.resolve()
      await supervisor.onIdle()
    }
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(2)
  })

  it('of the queue is announced and warned of besides, once while it lasts', async () => {
    for (const onOverflow of ['reject', 'drop-newest', 'drop-oldest'] as const) {
      const { lines, supervisor } = logged({ concurrency: 1, queueLimit: 2, onOverflow })
      const seen = record(supervisor, ['supervisor:saturated'])
      const held = hold(supervisor)
      for (let i = 0; i < 10; i++) supervisor.spawn(() => i)
      expect(seen).toMatchObject([
        { payload: { reason: 'concurrency' } },
        { payload: { reason: 'queue', running: 1, waiting: 2 } },
      ])
      expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(2)
      expect(supervisor.status().queue.saturated).toBe(true)
      held.resolve()
      await supervisor.onIdle()
      expect(supervisor.status().queue.saturated).toBe(false)
    }
  })

  it('is not announced while all that comes starts', async () => {
    const { supervisor } = logged({ concurrency: 2 })
    const seen = record(supervisor, ['supervisor:saturated'])
    for (let i = 0; i < 20; i++) await supervisor.spawn(async () => turns(1)).settled
    supervisor.spawn(never())
    supervisor.spawn(never())
    supervisor.spawn(never())
    hold(supervisor)
    hold(supervisor)
    expect(seen).toEqual([])
  })
})

describe('the monitor', () => {
  const counts = (lines: readonly Line[]): Line[] => lines.filter(({ message }) => message.includes('spawned ='))

  it('logs the line of formatStatus at debug every 60 s while tasks live, and rests when none do', async () => {
    const { clock, lines, supervisor } = logged({
      name: 'mails',
      timeout: Infinity,
      retention: { interval: Infinity },
    })
    clock.advance(600_000)
    expect(counts(lines)).toEqual([])
    const held = hold(supervisor)
    clock.advance(59_999)
    expect(counts(lines)).toEqual([])
    clock.advance(1)
    expect(counts(lines)).toMatchObject([
      { level: 'debug', message: expect.stringContaining(formatStatus(supervisor.status())) },
    ])
    clock.advance(120_000)
    expect(counts(lines)).toHaveLength(3)
    held.resolve()
    await supervisor.onIdle()
    clock.advance(600_000)
    expect([counts(lines).length, clock.timers]).toEqual([3, 0])
    hold(supervisor)
    clock.advance(60_000)
    expect(counts(lines)).toHaveLength(4)
  })

  it.each<[NonNullable<TaskSupervisorOptions['monitor']>, number]>([
    [{}, 2],
    [{ enabled: undefined, interval: undefined }, 2],
    [{ enabled: false }, 0],
    [{ enabled: false, interval: 10 }, 0],
    [{ interval: 30_000 }, 4],
    [{ interval: Infinity }, 0],
  ])('given %o logs %i lines in two minutes', (monitor, expected) => {
    const { clock, lines, supervisor } = logged({ monitor, timeout: Infinity })
    hold(supervisor)
    clock.advance(120_000)
    expect(counts(lines)).toHaveLength(expected)
  })

  it('arms no timer without a logger', () => {
    const { clock, supervisor } = clocked({ timeout: Infinity })
    hold(supervisor)
    expect(clock.timers).toBe(0)
  })
})

describe('formatStatus', () => {
  it('tells in one line what runs, waits, stops and was, and how that adds up', async () => {
    const { clock, supervisor } = clocked({ name: 'mails', concurrency: 3, timeout: 100, grace: 50 })
    expect(formatStatus(supervisor.status())).toBe(
      'mails open: 0/3 running, 0 waiting; 0 spawned = 0 completed + 0 failed + 0 cancelled + 0 live',
    )
    hold(supervisor)
    hold(supervisor).handle.cancel()
    hold(supervisor)
    hold(supervisor)
    await supervisor.spawn(Promise.resolve()).settled
    clock.advance(50)
    await turns()
    expect(formatStatus(supervisor.status())).toMatch(
      /^mails open: 3\/3 running, 1 abandoned, 0 waiting; 5 spawned = 1 completed \+ 0 failed \+ 1 cancelled \+ 3 live$/,
    )
    hold(supervisor)
    clock.advance(49)
    expect(formatStatus(supervisor.status())).toContain('1 waiting (oldest 49 ms)')
    clock.advance(1)
    expect(formatStatus(supervisor.status())).toContain('2 stopping')
  })

  it('stays one line whatever the name, and takes a status that has been JSON', () => {
    const supervisor = new TaskSupervisor({ name: 'a\n\u001b[31m\u2028\u202eb' })
    const line = formatStatus(supervisor.status())

    expect(line).not.toMatch(/[\u0000-\u001f\u2028\u2029\u202e]/)
    expect(formatStatus(JSON.parse(JSON.stringify(supervisor.status())) as SupervisorStatus)).toBe(line)
  })
})
