import { describe, expect, it } from 'vitest'
import { ScopeNode } from '../../src/runtime/scope-node.js'
import { Tallies } from '../../src/runtime/tallies.js'

type Node = ScopeNode<string, string>

const root = new Tallies()
const make = (parent: Node | null = null, own: { concurrency?: number; signal?: AbortSignal; onError?: () => void } = {}): Node =>
  new ScopeNode(root, parent, { name: 'scope', concurrency: Infinity, onError: null, ...own }) // prettier-ignore

const leave = (node: Node, task: string): void => {
  node.tasks.waiting.delete(task)
  for (let each: Node | null = node; each !== null; each = each.parent) each.rested()
}

describe('ScopeNode', () => {
  it('is known to those above only while somebody lives in it, or below it', () => {
    const top = make()
    const middle = make(top)
    const low = make(middle)
    expect([top.scopes.size, middle.scopes.size]).toEqual([0, 0])
    low.joined('task', 'waiting')
    middle.straggles('run')
    expect([[...top.live()], [...top.straggling()], [...low.straggling()]]).toEqual([['task'], ['run'], []])
    leave(low, 'task')
    expect([top.scopes.size, middle.scopes.size, [...top.straggling()]]).toEqual([1, 0, ['run']])
    middle.stragglers.delete('run')
    middle.rested()
    expect(top.scopes.size).toBe(0)
  })

  it('tells when somebody comes to it or below it, and when nobody is waited for', () => {
    const top = make()
    const low = make(top)
    const told: string[] = []
    top.onBusy = () => void told.push('busy')
    top.onRest = () => void told.push('rest')
    low.joined('task', 'waiting')
    leave(low, 'task')
    top.tallies.now.waiting = 1
    top.rested()
    expect(told).toEqual(['busy', 'rest'])
  })

  it('holds itself and what is within it', () => {
    const top = make()
    const low = make(top)
    expect([top.holds(low), top.holds(top), low.holds(top), top.holds(null), make().holds(low)]).toEqual([
      ...[true, true, false, false, false],
    ])
  })

  it('has its own gate and those above, counts in all of them, and takes onError of the nearest', () => {
    const onError = (): void => undefined
    const top = make(null, { concurrency: 2, onError })
    const low = make(make(top))
    expect([low.gates.length, low.gates[2], low.caps, low.onError]).toEqual([3, top.gate, [top.gate], onError])
    expect([low.allTallies[0], low.allTallies[2], low.allTallies[3]]).toEqual([low.tallies, top.tallies, root])
  })

  it('is cancelled for good by its signal, whenever it is asked, or by word; the first reason stays', () => {
    const caller = new AbortController()
    const node = make(null, { signal: caller.signal })
    expect([node.cancelled, make().cancelled]).toEqual([null, null])
    caller.abort('gone')
    node.cancelForGood('later')
    expect(node.cancelled).toEqual({ reason: 'gone' })
    const broken = make(null, { signal: { get aborted(): boolean { throw new Error('no') } } as AbortSignal }) // prettier-ignore
    expect(broken.cancelled).toBeNull()
    broken.cancelForGood('told')
    expect(broken.cancelled).toEqual({ reason: 'told' })
  })
})
