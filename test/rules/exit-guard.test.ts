import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import {
  TaskSupervisor,
  type TaskChange,
  type TaskErrorRecord,
  type TaskRecord,
  type TaskStore,
  type TaskTransition,
} from 'taskward'
import { sqliteStore } from 'taskward/stores/sqlite'
import { clocked, deferred, durableStore, hold, never, runFixture, turns, type Ended } from './support.js'

interface Left extends Ended {
  records: TaskRecord[]
  history: (name: string) => TaskTransition[]
  errors: TaskErrorRecord[]
}

/** What the store holds before anybody has recovered anything. */
async function left(way: string, mode: string): Promise<Left> {
  const place = mkdtempSync(join(tmpdir(), 'taskward-exit-'))
  try {
    const path = join(place, 'tasks.db')
    const ended = await runFixture('exit.ts', [way, path, mode])
    const store = sqliteStore({ path })
    await store.open()
    const { items } = await store.list({ order: 'oldest' })
    const histories = new Map<string, TaskTransition[]>()
    for (const { id, name, owner } of items) histories.set(`${name} ${owner ?? ''}`.trim(), await store.history(id))
    const { items: errors } = await store.errors({})
    await store.close()
    return { ...ended, records: items, errors, history: (name) => histories.get(name) ?? [] }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

const LINE = /^taskward: the process ends while tasks live: .*$/gm

describe('a process that ends with tasks alive', () => {
  it.each([
    ['process.exit', 'exit', 3],
    ['an uncaught exception', 'uncaught', 1],
    ['keepAlive: false and nothing left to do', 'natural end', 0],
  ])('leaves them recorded as interrupted, with their history: %s', async (_, way, code) => {
    const { records, errors, history, ...ended } = await left(way, 'live')
    expect(ended.code).toBe(code)
    expect(records.map(({ name, status, attempt }) => [name, status, attempt]).sort()).toEqual([
      ['receipt', 'failed', 1],
      ['receipt', 'failed', 1],
      ['waits', 'failed', 0],
    ])
    for (const { error, finishedAt } of records) {
      expect(error).toMatchObject({ code: 'TASK_INTERRUPTED' })
      expect(finishedAt).not.toBeNull()
    }
    expect(history('receipt otto').map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [null, 'pending', null],
      ['pending', 'running', null],
      ['running', 'failed', 'TASK_INTERRUPTED'],
    ])
    expect(history('waits').map(({ to }) => to)).toEqual(['pending', 'failed'])
    expect(errors.map(({ taskName, error }) => [taskName, error.message]).sort()).toEqual([
      ['receipt', "Task 'receipt' was running when its process ended"],
      ['receipt', "Task 'receipt' was running when its process ended"],
      ['waits', "Task 'waits' was waiting when its process ended"],
    ])
  })

  it('says so in one line on stderr, and tells no listener', async () => {
    const { stdout, stderr } = await runFixture('exit.ts', ['exit', '', 'live'])
    expect(stderr.match(LINE)).toEqual([
      "taskward: the process ends while tasks live: 3 of 'mailer' (receipt x 2, waits), 0 recorded as interrupted",
    ])
    expect(stdout).toBe('')
  })

  it('is not kept from it by what else listens for the exit', async () => {
    const { code, records, stderr } = await left('exit', 'live,bystander')
    expect({ code, lines: stderr.match(LINE)?.length }).toEqual({ code: 5, lines: 1 })
    expect(records.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed'])
  })

  it('says so through the logger instead, where there is one', async () => {
    const { stdout, stderr } = await left('exit', 'live,logger')
    expect(stderr).not.toMatch(LINE)
    expect(JSON.parse(stdout) as unknown).toEqual([
      'taskward: the process ends while tasks live',
      { supervisor: 'mailer', count: 3, tasks: ['receipt x 2', 'waits'], recorded: 3 },
    ])
  })

  it('has the outcomes written that the store has not been told', async () => {
    const { records, history, stderr } = await left('exit', '')
    expect(records.map(({ name, status }) => [name, status])).toEqual([['done', 'completed']])
    expect(history('done').map(({ to }) => to)).toEqual(['pending', 'running', 'completed'])
    expect(stderr).not.toMatch(LINE)
  })

  it.each(['exit', 'natural end'])('says nothing where all has settled: %s', async (way) => {
    const { records, stderr, stdout } = await left(way, 'settled')
    expect({ stderr, stdout }).toEqual({ stderr: '', stdout: 'settled done\n' })
    expect(records).toHaveLength(1)
  })
})

/** What listens to the end of this process, for taskward. */
const guards = () => process.listeners('exit').filter(({ name }) => name === 'tellAll')

/** As when the process ends, which it does not. */
function pretendExit(): string[] {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  for (const guard of guards()) guard(0)
  return said.mock.calls.map(([line]) => String(line))
}

/** One that can write at once, and what it was given to write so. */
function syncStore(differ: (inner: TaskStore) => Partial<TaskStore> = () => ({})) {
  const inner = durableStore()
  const given: TaskChange[][] = []
  const write = (changes: readonly TaskChange[]) => {
    given.push([...changes])
    // A memory store has applied a commit before it returns.
    void inner.commit(changes)
    return changes.map(() => 'applied' as const)
  }
  return { inner, given, store: durableStore({ ...inner, commitSync: write, ...differ(inner) }) }
}

describe('the listener for the end of the process', () => {
  it('is one for a thousand supervisors, there while any has something alive', async () => {
    expect(guards()).toEqual([])
    const supervisors = Array.from({ length: 1_000 }, () => new TaskSupervisor())
    expect(guards()).toEqual([])
    const held = supervisors.map((supervisor) => [hold(supervisor), hold(supervisor)].map(({ resolve }) => resolve))
    expect(guards()).toHaveLength(1)
    for (const [first] of held) first!()
    await turns()
    for (const [, second] of held.slice(1)) second!()
    await turns()
    expect(guards()).toHaveLength(1)
    held[0]![1]!()
    await turns()
    expect(guards()).toEqual([])
  })

  it('goes with close, whatever the tasks do', async () => {
    const { clock, supervisor } = clocked()
    supervisor.spawn(never)
    const closing = supervisor.close({ mode: 'cancel', grace: 10 })
    await turns()
    clock.advance(10)
    await closing
    expect(guards()).toEqual([])
  })

  it('stays until a store that can write at once has every outcome', async () => {
    let answer = (): void => undefined
    const { store } = syncStore((inner) => ({
      commit: (changes) => new Promise((resolve) => (answer = () => resolve(inner.commit(changes)))),
    }))
    const { supervisor } = clocked({ store })
    supervisor.spawn(() => 1)
    await turns()
    expect(supervisor.status().store.buffered).toBe(1)
    expect(guards()).toHaveLength(1)
    answer()
    await turns()
    expect(guards()).toEqual([])
    await supervisor.close()
  })

  it('does not wait for one that cannot', async () => {
    const { supervisor } = clocked({ store: durableStore({ commit: never }) })
    supervisor.spawn(() => 1)
    await turns()
    expect(guards()).toEqual([])
  })
})

describe('the last commit', () => {
  it('brings what is on its way as it was sent, then what has happened since, and changes nothing here', async () => {
    const gate = deferred()
    const { store, given, inner } = syncStore((inner) => ({
      commit: (changes) => gate.promise.then(() => inner.commit(changes)),
    }))
    const { supervisor } = clocked({ store })
    const [ends, lives] = [hold(supervisor, { name: 'ends' }), hold(supervisor, { name: 'lives' })]
    await turns()
    ends.resolve()
    const late = hold(supervisor, { name: 'late' })
    await turns()
    pretendExit()
    const [sent, rest] = given.map((changes) =>
      changes.map(({ record, expected, transitions }) => [record.name, expected, ...transitions.map(({ to }) => to)]),
    )
    expect(sent).toEqual([
      ['ends', 0, 'pending', 'running'],
      ['lives', 0, 'pending', 'running'],
    ])
    expect(rest).toEqual([
      ['ends', 2, 'completed'],
      ['lives', 2, 'failed'],
      ['late', 0, 'pending', 'running', 'failed'],
    ])
    expect([ends, lives, late].map(({ handle }) => handle.status)).toEqual(['completed', 'running', 'running'])
    expect(await inner.get(lives.handle.id)).toMatchObject({ status: 'failed', version: 3 })
    expect(await inner.history(lives.handle.id)).toHaveLength(3)
    expect(supervisor.status().totals.failed).toBe(0)
    gate.resolve()
    for (const { resolve } of [lives, late]) resolve()
    await turns()
  })

  it('is not kept from the others by one that the store does not take', async () => {
    const { store, inner } = syncStore((inner) => ({
      commitSync: (changes) => {
        if (changes.some(({ record }) => record.name === 'bad')) throw new Error('not this one')
        void inner.commit(changes)
        return changes.map(() => 'applied')
      },
    }))
    const { supervisor } = clocked({ store, concurrency: 20 })
    await supervisor.open()
    const held = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) =>
      hold(supervisor, { name: name === 'f' ? 'bad' : name }),
    )
    const [line] = pretendExit()
    expect(line).toContain("8 of 'default' (a, b, c, d, e, bad, g, h), 7 recorded as interrupted; the store failed: ")
    expect(line).toContain('not this one')
    const written = await Promise.all(held.map(async ({ handle }) => (await inner.get(handle.id))?.status ?? null))
    expect(written).toEqual(['failed', 'failed', 'failed', 'failed', 'failed', null, 'failed', 'failed'])
    for (const { resolve } of held) resolve()
    await turns()
  })

  it('is given up with a store that fails altogether, and the line says so', async () => {
    let tries = 0
    const { store } = syncStore(() => ({
      commitSync: () => {
        tries++
        throw new Error('disk full')
      },
    }))
    const { supervisor } = clocked({ store, concurrency: 1_000 })
    await supervisor.open()
    const held = Array.from({ length: 1_000 }, (_, index) => hold(supervisor, { name: `task ${String(index)}` }))
    const [line, ...more] = pretendExit()
    expect(more).toEqual([])
    expect(line).toMatch(/^taskward: .* 1000 of 'default' \(task 0, .*, task 19\), 0 recorded.*disk full/)
    expect(tries).toBeLessThanOrEqual(12)
    for (const { resolve } of held) resolve()
    await turns()
  })

  it('cannot be forged by the name of a task', async () => {
    const { supervisor } = clocked()
    const { resolve } = hold(supervisor, { name: 'a\ntaskward: all is well' })
    expect(pretendExit()[0]).toContain('(a\\ntaskward: all is well)')
    resolve()
    await turns()
  })
})
