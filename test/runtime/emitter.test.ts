import { describe, expect, it } from 'vitest'
import type { TaskEvents } from '../../src/events.js'
import { Emitter } from '../../src/runtime/emitter.js'
import { Hooks } from '../../src/runtime/hooks.js'
import { manualClock } from '../../src/testing/index.js'
import { nextTurn } from './support/turns.js'

const setUp = () => {
  const failures: [where: string, thrown: unknown, level: number][] = []
  const hooks = new Hooks(manualClock(), (...failure) => failures.push(failure))
  const emitter = new Emitter(hooks)
  const emit = (): void => emitter.emit('store:recovered', { buffered: 1 })
  return { emitter, emit, failures }
}
type Payload = TaskEvents['store:recovered']

describe('Emitter', () => {
  it('calls listeners with the payload, in the order they were added', () => {
    const { emitter, emit } = setUp()
    const told: unknown[] = []
    emitter.on('store:recovered', (payload) => told.push(['first', payload]))
    emitter.on('store:recovered', (payload) => told.push(['second', payload]))
    emitter.on('supervisor:idle', () => told.push('other event'))
    emit()
    expect(told).toEqual([
      ['first', { buffered: 1 }],
      ['second', { buffered: 1 }],
    ])
  })

  it('knows whether anybody listens', () => {
    const { emitter } = setUp()
    const listener = (): void => undefined
    expect(emitter.has('store:recovered')).toBe(false)
    emitter.once('store:recovered', listener)
    expect(emitter.has('store:recovered')).toBe(true)
    expect(emitter.has('supervisor:idle')).toBe(false)
    emitter.off('store:recovered', listener)
    expect(emitter.has('store:recovered')).toBe(false)
  })

  it('lets a listener that throws or rejects keep no other from being called, and reports each once', async () => {
    const { emitter, emit, failures } = setUp()
    const told: string[] = []
    emitter.on('store:recovered', () => {
      throw 'thrown'
    })
    emitter.on('store:recovered', () => Promise.reject('rejected'))
    emitter.on('store:recovered', () => told.push('last'))
    emit()
    await nextTurn()
    expect(told).toEqual(['last'])
    expect(failures).toEqual([
      ['listener of store:recovered', 'thrown', 0],
      ['listener of store:recovered', 'rejected', 0],
    ])
  })

  it('passes the level of a report on', () => {
    const { emitter, failures } = setUp()
    emitter.on('store:recovered', () => {
      throw 'again'
    })
    emitter.emit('store:recovered', { buffered: 0 }, 1)
    expect(failures).toEqual([['listener of store:recovered', 'again', 1]])
  })

  it('lets no listener change what the next is given', () => {
    const { emitter, emit } = setUp()
    const told: Payload[] = []
    emitter.on('store:recovered', (payload) => Reflect.set(payload, 'buffered', 99))
    emitter.on('store:recovered', (payload) => told.push({ ...payload }))
    emit()
    expect(told).toEqual([{ buffered: 1 }])
  })

  it('calls a once-listener once, also when it or one before it emits the event again', () => {
    const { emitter, emit } = setUp()
    let before = 0
    let own = 0
    emitter.on('store:recovered', () => {
      if (++before < 3) emit()
    })
    emitter.once('store:recovered', () => {
      own++
      emit()
    })
    emit()
    emit()
    expect(own).toBe(1)
  })

  it('takes back what on and once registered, by the listener that was given', () => {
    const { emitter, emit } = setUp()
    let calls = 0
    const listener = (): unknown => calls++
    emitter.on('store:recovered', listener)
    emitter.once('store:recovered', listener)
    emitter.off('store:recovered', listener)
    emit()
    expect(calls).toBe(0)
  })

  it('takes back a listener that was registered twice with once', () => {
    const { emitter, emit } = setUp()
    let calls = 0
    const listener = (): unknown => calls++
    emitter.once('store:recovered', listener)
    emitter.once('store:recovered', listener)
    emitter.off('store:recovered', listener)
    emit()
    expect(calls).toBe(0)
  })

  it('takes a once-listener back from its own event only', () => {
    const { emitter, emit } = setUp()
    let calls = 0
    const listener = (): unknown => calls++
    emitter.once('store:recovered', listener)
    emitter.once('supervisor:idle', listener)
    emitter.off('supervisor:idle', listener)
    emit()
    emitter.emit('supervisor:idle', {})
    expect(calls).toBe(1)
  })

  it('calls a listener added during an event from the next one on', () => {
    const { emitter, emit } = setUp()
    let calls = 0
    emitter.once('store:recovered', () => {
      emitter.on('store:recovered', () => calls++)
    })
    emit()
    expect(calls).toBe(0)
    emit()
    expect(calls).toBe(1)
  })
})
