import { describe, expect, it } from 'vitest'
import type { TaskContext, TaskHandle } from 'taskward'
import { clocked, deferred, never, runFixture, turns } from './support.js'

const MANY = 10_000

describe('very many children', () => {
  it('are cancelled at once with their parent, running and waiting ones', async () => {
    const { supervisor } = clocked({ concurrency: 100 })
    let calls = 0
    let context!: TaskContext
    const parent = supervisor.spawn((ctx) => ((context = ctx), never()))
    for (let count = 0; count < MANY; count++) context.spawn(() => (calls++, never()))
    parent.cancel()
    await turns()
    expect(calls).toBe(99)
    expect(supervisor.status().totals).toMatchObject({ spawned: MANY + 1, cancelled: MANY + 1, failed: 0 })
  })

  it('may be each the child of the one before: the first takes all with it', async () => {
    const { supervisor } = clocked({ concurrency: Infinity })
    const all: TaskHandle<unknown>[] = []
    const next = ({ spawn }: TaskContext): Promise<never> => {
      if (all.length < MANY) all.push(spawn(next))
      return never()
    }
    const first = supervisor.spawn(next)
    for (let round = 0; round < MANY / 10 && all.length < MANY; round++) await turns(1)
    await turns()
    let lastStatus = ''
    supervisor.once('task:cancelled', () => void supervisor.once('task:cancelled', () => (lastStatus = first.status)))
    first.cancel('enough')
    expect(all.filter(({ status }) => status === 'cancelled')).toHaveLength(all.length)
    expect(lastStatus).toBe('cancelled')
    expect(await all.at(-1)!.settled).toMatchObject({ reason: { cause: 'enough' } })
    expect(supervisor.status().totals).toMatchObject({ spawned: all.length + 1, cancelled: all.length + 1 })
  })

  it('may end in each other: a chain of parents, each with its last child, when the first completes', async () => {
    const { supervisor } = clocked({ concurrency: Infinity })
    const gate = deferred()
    let count = 0
    const next = ({ spawn }: TaskContext): Promise<unknown> => {
      if (count++ < MANY) spawn(next, { onParentEnd: 'cancel' })
      return never()
    }
    supervisor.spawn(({ spawn }) => (spawn(next, { onParentEnd: 'cancel' }), gate.promise))
    for (let round = 0; round < MANY / 10 && count <= MANY; round++) await turns(1)
    await turns()
    gate.resolve()
    await turns()
    expect(supervisor.status().totals).toMatchObject({ spawned: MANY + 2, completed: 1, cancelled: MANY + 1 })
  })
})

it('leaves nothing behind of children, dependents, keys and scopes that have ended (rule 13)', async () => {
  const ended = await runFixture('relations.ts', [], { nodeArgs: ['--expose-gc'], limitMs: 240_000 })
  expect(ended).toMatchObject({ code: 0, stderr: '' })
  const left = JSON.parse(ended.stdout) as { kind: string; count: number; growth: number; listeners: number }[]
  console.log(left.map(({ kind, growth }) => `${kind}: ${(growth / 1e6).toFixed(2)} MB`).join(', '))
  for (const { kind, count, growth, listeners } of left) {
    expect.soft([kind, listeners]).toEqual([kind, 0])
    // A Map entry or a listener for each would be some 50 bytes, what it points to some hundreds.
    expect.soft(growth, kind).toBeLessThan(Math.max(1.5e6, count * 20))
  }
}, 250_000)
