import { EventEmitter, addAbortListener, getEventListeners, on, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { aborted } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createGuardedController } from '../../src/runtime/guarded-signal.js'
import { Hooks } from '../../src/runtime/hooks.js'
import { manualClock } from '../../src/testing/manual-clock.js'
import { runChild } from './support/child.js'
import { nextTurn, stateOf } from './support/turns.js'

const setUp = () => {
  const failures: unknown[] = []
  const hooks = new Hooks(manualClock(), (_, thrown) => failures.push(thrown))
  const controller = createGuardedController((listener) => {
    hooks.call('abort listener', listener)
  })
  return { controller, signal: controller.signal, failures, calls: [] as unknown[] }
}

describe('a guarded signal', () => {
  it('is an AbortSignal, and aborts like one', () => {
    const { controller, signal } = setUp()
    expect(signal).toBeInstanceOf(AbortSignal)
    expect(Object.keys(signal)).toEqual(Object.keys(new AbortController().signal))
    signal.throwIfAborted()
    controller.abort('enough')
    expect([signal.aborted, signal.reason]).toEqual([true, 'enough'])
    expect(() => signal.throwIfAborted()).toThrow('enough')
  })

  it('calls functions and objects with handleEvent as Node does', () => {
    const { controller, signal, failures, calls } = setUp()
    signal.addEventListener('abort', function (this: unknown, event) {
      calls.push([this === signal, event.type, event.target === signal])
    })
    const object = { handleEvent: () => calls.push('not this one') }
    signal.addEventListener('abort', object)
    object.handleEvent = function (this: unknown) {
      return calls.push(this === object)
    }
    controller.abort()
    expect(calls).toEqual([[true, 'abort', true], true])
    expect(failures).toEqual([])
  })

  it('reports what listeners of any shape throw or reject with, and calls the rest', async () => {
    const { controller, signal, failures, calls } = setUp()
    signal.addEventListener('abort', () => {
      throw 'thrown'
    })
    const rejecting: () => unknown = () => Promise.reject('rejected')
    signal.addEventListener('abort', rejecting)
    signal.addEventListener('abort', {
      handleEvent() {
        throw 'by an object'
      },
    })
    signal.addEventListener('abort', {} as unknown as () => void)
    signal.onabort = () => {
      throw 'by onabort'
    }
    signal.addEventListener('abort', () => calls.push('last'))
    controller.abort()
    await nextTurn()
    expect(calls).toEqual(['last'])
    expect(failures).toHaveLength(5)
    expect(failures).toEqual(expect.arrayContaining(['thrown', 'rejected', 'by an object', 'by onabort']))
  })

  it('ends no process', () => {
    const { status, stdout } = runChild(`
      import { createGuardedController } from 'src/runtime/guarded-signal.ts'
      import { Hooks } from 'src/runtime/hooks.ts'
      import { manualClock } from 'src/testing/manual-clock.ts'
      const hooks = new Hooks(manualClock(), (_, thrown) => console.log('failed', thrown.message))
      const controller = createGuardedController((listener) => hooks.call('abort listener', listener))
      controller.signal.addEventListener('abort', () => { throw new Error('a') })
      controller.signal.addEventListener('abort', async () => { throw new Error('b') })
      controller.signal.onabort = () => { throw new Error('c') }
      controller.abort()
      setTimeout(() => console.log('alive'), 10)`)
    expect(stdout.split('\n').sort()).toEqual(['alive', 'failed a', 'failed b', 'failed c'])
    expect(status).toBe(0)
  })

  it('takes a listener back, with the options it was added with', () => {
    const { controller, signal, calls } = setUp()
    const listener = (): unknown => calls.push('called')
    signal.addEventListener('abort', listener)
    signal.addEventListener('abort', listener, { capture: true })
    signal.removeEventListener('abort', listener)
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort()
    expect(calls).toHaveLength(1)
    signal.removeEventListener('abort', listener, { capture: true })
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('calls a listener that was added twice once, and one added with once never again', () => {
    const { signal, calls } = setUp()
    const listener = (): unknown => calls.push('twice')
    signal.addEventListener('abort', listener)
    signal.addEventListener('abort', listener)
    signal.addEventListener('abort', () => calls.push('once'), { once: true })
    signal.dispatchEvent(new Event('abort'))
    expect(calls).toEqual(['twice', 'once'])
    signal.dispatchEvent(new Event('abort'))
    expect(calls).toEqual(['twice', 'once', 'twice'])
  })

  it('heeds the signal a listener was added with', () => {
    const { controller, signal, calls } = setUp()
    const remover = new AbortController()
    signal.addEventListener('abort', () => calls.push('called'), { signal: remover.signal })
    remover.abort()
    controller.abort()
    expect(calls).toEqual([])
  })

  it('has an onabort that can be read, replaced and taken back', () => {
    const { controller, signal, calls } = setUp()
    expect(signal.onabort).toBeNull()
    signal.onabort = () => calls.push('first')
    const second = (): unknown => calls.push('second')
    signal.onabort = second
    expect(signal.onabort).toBe(second)
    signal.dispatchEvent(new Event('abort'))
    signal.onabort = null
    expect(signal.onabort).toBeNull()
    controller.abort()
    expect(calls).toEqual(['second'])
  })
})

describe('a guarded signal is taken by', () => {
  it('fetch', async () => {
    const { controller, signal } = setUp()
    const server = createServer(() => controller.abort(new Error('enough'))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await expect(fetch(`http://127.0.0.1:${port}`, { signal })).rejects.toThrow('enough')
    server.closeAllConnections()
    server.close()
  })

  it('timers/promises', async () => {
    const { controller, signal } = setUp()
    const sleeping = sleep(60_000, undefined, { signal })
    controller.abort('enough')
    await expect(sleeping).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' })
  })

  it('AbortSignal.any', () => {
    const { controller, signal } = setUp()
    const any = AbortSignal.any([signal, new AbortController().signal])
    controller.abort('enough')
    expect([any.aborted, any.reason]).toEqual([true, 'enough'])
  })

  it('events.once and events.on, which leave no listener behind', async () => {
    const { controller, signal } = setUp()
    const emitter = new EventEmitter()
    const waiting = once(emitter, 'never', { signal })
    const iterating = on(emitter, 'never', { signal }).next()
    controller.abort('enough')
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' })
    await expect(iterating).rejects.toMatchObject({ name: 'AbortError' })
    const other = setUp().signal
    const arrived = once(emitter, 'arrival', { signal: other })
    emitter.emit('arrival', 1)
    expect(await arrived).toEqual([1])
    expect(getEventListeners(other, 'abort')).toHaveLength(0)
  })

  it('events.addAbortListener, whose disposal takes it back', () => {
    const { controller, signal, calls } = setUp()
    addAbortListener(signal, () => calls.push('kept'))
    addAbortListener(signal, () => calls.push('disposed'))[Symbol.dispose]()
    controller.abort()
    expect(calls).toEqual(['kept'])
  })

  it('util.aborted', async () => {
    const { controller, signal } = setUp()
    const resource = {}
    const promise = aborted(signal, resource)
    expect(await stateOf(promise)).toBe('unsettled')
    controller.abort()
    await promise
  })
})
