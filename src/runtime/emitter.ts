import { EventEmitter } from 'eventemitter3'
import type { TaskEventListener, TaskEventName, TaskEvents } from '../events.js'
import type { Hooks } from './hooks.js'

type AnyListener = (payload: unknown) => unknown

/** Typed events. eventemitter3 lets a listener that throws break `emit` off, so each is called on its own. */
export class Emitter {
  // Loosely typed inside: eventemitter3's own generics cannot follow an event name that is still a parameter.
  readonly #events = new EventEmitter<string>()
  readonly #hooks: Hooks
  /** What `once` registered, by the listener it was given; else `off` would not find it. */
  readonly #onceWrappers = new WeakMap<AnyListener, Map<string, Set<AnyListener>>>()

  constructor(hooks: Hooks) {
    this.#hooks = hooks
  }

  has(event: TaskEventName): boolean {
    return this.#events.listenerCount(event) > 0
  }

  on<E extends TaskEventName>(event: E, listener: TaskEventListener<E>): void {
    this.#events.on(event, listener as AnyListener)
  }

  once<E extends TaskEventName>(event: E, listener: TaskEventListener<E>): void {
    let isSpent = false
    const wrapper: TaskEventListener<E> = (payload) => {
      // An event that is announced again while it is being announced finds this one still in line.
      if (isSpent) return undefined
      isSpent = true
      this.#events.off(event, wrapper as AnyListener)
      this.#wrappersOf(event, listener as AnyListener).delete(wrapper as AnyListener)
      return listener(payload)
    }
    this.#wrappersOf(event, listener as AnyListener).add(wrapper as AnyListener)
    this.#events.on(event, wrapper as AnyListener)
  }

  off<E extends TaskEventName>(event: E, listener: TaskEventListener<E>): void {
    this.#events.off(event, listener as AnyListener)
    const wrappers = this.#onceWrappers.get(listener as AnyListener)?.get(event)
    for (const wrapper of wrappers ?? []) this.#events.off(event, wrapper)
    wrappers?.clear()
  }

  #wrappersOf(event: string, listener: AnyListener): Set<AnyListener> {
    let byEvent = this.#onceWrappers.get(listener)
    if (!byEvent) this.#onceWrappers.set(listener, (byEvent = new Map<string, Set<AnyListener>>()))
    let wrappers = byEvent.get(event)
    if (!wrappers) byEvent.set(event, (wrappers = new Set<AnyListener>()))
    return wrappers
  }

  /** @param level as of {@link Hooks.call} */
  emit<E extends TaskEventName>(event: E, payload: TaskEvents[E], level = 0): void {
    Object.freeze(payload)
    for (const listener of this.#events.listeners(event) as TaskEventListener<E>[]) {
      this.#hooks.call(`listener of ${event}`, () => listener(payload), level)
    }
  }
}
