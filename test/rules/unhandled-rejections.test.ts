import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { captureUnhandledRejections, TaskSupervisor, type TaskRecord } from 'taskward'
import { sqliteStore } from 'taskward/stores/sqlite'
import { runFixture, type Ended } from './support.js'

interface Outcome extends Ended {
  captured: TaskRecord[]
  errors: string[]
}

async function run(words: readonly string[], mode = 'throw'): Promise<Outcome> {
  const place = mkdtempSync(join(tmpdir(), 'taskward-rejection-'))
  try {
    const path = join(place, 'tasks.db')
    const nodeArgs = mode === 'throw' ? [] : [`--unhandled-rejections=${mode}`]
    const ended = await runFixture('rejection.ts', [path, ...words], { nodeArgs })
    const store = sqliteStore({ path })
    await store.open()
    const { items } = await store.list({ name: 'unhandledRejection', order: 'oldest' })
    const { items: errors } = await store.errors({ name: 'unhandledRejection' })
    await store.close()
    return { ...ended, captured: items, errors: errors.map(({ error }) => error.message) }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** What a bystander sees of a process, but for what differs from run to run. */
const seen = ({ code, signal, stdout, stderr }: Ended) => ({
  ...{ code, signal },
  stdout: stdout.replace(/^onError .*\n/gm, ''),
  stderr: stderr.replace(/\(node:\d+\)/g, '(node:1)'),
})

const CASES: readonly (readonly [mode: string, handler: string])[] = [
  ...['no handler', 'handler-before', 'handler-after', 'once-before', 'handler-gone', 'exception'].map(
    (handler) => ['throw', handler] as const,
  ),
  ...['no handler', 'handler-before', 'exception', 'exception+handler-before'].map(
    (handler) => ['strict', handler] as const,
  ),
  ...['no handler', 'handler-before'].map((handler) => ['warn', handler] as const),
  ...['no handler', 'handler-before'].map((handler) => ['none', handler] as const),
]

describe('what Node does', () => {
  it.each(CASES)(
    'is the same with and without the capture, which has its record: --unhandled-rejections=%s, %s',
    async (mode, handler) => {
      const [without, captured] = await Promise.all([
        run([...handler.split('+'), 'twice'], mode),
        run([...handler.split('+'), 'twice', 'capture'], mode),
      ])
      expect(seen(captured)).toEqual(seen(without))
      // One that dies of the second has recorded both.
      const times = /goes on|handler/.test(captured.stdout) ? 2 : 1
      const all = <T>(each: T): T[] => Array.from({ length: times }, () => each)
      expect(captured.captured.map(({ status, error }) => [status, error?.message])).toEqual(all(['failed', 'boom']))
      expect(captured.errors).toEqual(all('boom'))
      expect(captured.stdout.match(/onError unhandledRejection/g)).toHaveLength(times)
      expect(without.captured).toEqual([])
    },
  )
})

describe('what is recorded', () => {
  it('names the task that made the promise, and where that was spawned', async () => {
    const { captured, code } = await run(['capture', 'task'])
    expect(code).toBe(1)
    expect(captured.map(({ metadata }) => metadata)).toEqual([
      {
        task: expect.stringMatching(/^[0-9a-f-]{36}$/),
        taskName: 'careless',
        // Not where the error was made, which its stack says anyway.
        site: expect.stringMatching(/^(?!fail).*fixtures\/rejection\.ts:\d+:\d+\)?$/),
      },
    ])
  })

  it('names the first frame of the stack where no task made it', async () => {
    const { captured } = await run(['capture'])
    expect(captured.map(({ metadata }) => metadata)).toEqual([
      { site: expect.stringMatching(/^fail \(.*fixtures\/rejection\.ts:\d+:\d+\)$/) },
    ])
  })

  it('may be something else than an error', async () => {
    const { captured, errors } = await run(['capture', 'text', 'handler-after'])
    expect(captured).toHaveLength(1)
    expect(errors).toEqual(['boom'])
  })

  it('stays recorded when it is handled later', async () => {
    const { captured, stdout, code } = await run(['capture', 'late', 'handler-after'])
    expect(stdout).toContain('handled late')
    expect({ code, count: captured.length }).toEqual({ code: 0, count: 1 })
  })

  it('is nothing once the supervisor is closed, and Node does as without it', async () => {
    const [without, captured] = await Promise.all([run(['closed']), run(['closed', 'capture', 'handle'])])
    expect(captured.captured).toEqual([])
    expect(seen(captured)).toEqual(seen(without))
    expect(captured.code).toBe(1)
  })
})

describe('handle: true', () => {
  it('lets the process go on', async () => {
    const { code, captured, stdout, stderr } = await run(['capture', 'handle', 'twice'])
    expect({ code, stderr, count: captured.length }).toEqual({ code: 0, stderr: '', count: 2 })
    expect(stdout).toContain('goes on')
  })

  it.each(['throw', 'warn'])('ends where telling about one brings about the next: %s', async (mode) => {
    const { code, captured, stdout, stderr } = await run(['capture', 'handle', 'again'], mode)
    expect({ code, count: captured.length }).toEqual({ code: 0, count: 10 })
    expect(stdout).toContain('goes on')
    expect(stderr).toContain('came of telling about another and is not recorded: Error: boom')
  })

  it('does not overrule strict', async () => {
    const { code, captured } = await run(['capture', 'handle'], 'strict')
    expect({ code, count: captured.length }).toEqual({ code: 1, count: 1 })
  })
})

const EVENTS = ['unhandledRejection', 'uncaughtExceptionMonitor', 'newListener', 'removeListener']
const listening = () => EVENTS.map((event) => process.listenerCount(event))

describe('the listeners', () => {
  it('are the same for any number of supervisors, and go with the last of them', async () => {
    const before = listening()
    const supervisors = Array.from({ length: 100 }, () => new TaskSupervisor())
    const releases = supervisors.map((supervisor) => captureUnhandledRejections(supervisor))
    const added = listening().map((count, index) => count - before[index]!)
    expect(added.every((count) => count <= 1)).toBe(true)
    for (const release of releases.slice(0, 50)) release()
    releases[50]![Symbol.dispose]()
    expect(listening()).not.toEqual(before)
    await Promise.all(supervisors.slice(51).map((supervisor) => supervisor.close()))
    expect(listening()).toEqual(before)
    for (const release of releases) release()
    expect(listening()).toEqual(before)
  })

  it('are not added for misuse, nor for a supervisor that is closed', async () => {
    const before = listening()
    const supervisor = new TaskSupervisor()
    const misuse = expect.objectContaining({ code: 'OPTION_INVALID' })
    expect(() => captureUnhandledRejections(supervisor, { handel: true } as never)).toThrow(misuse)
    expect(() => captureUnhandledRejections({} as never)).toThrow(misuse)
    await supervisor.close()
    captureUnhandledRejections(supervisor)()
    expect(listening()).toEqual(before)
  })
})
