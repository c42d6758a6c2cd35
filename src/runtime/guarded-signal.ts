/** Calls a listener so that nothing it throws, rejects with or never answers gets out. */
export type CallListener = (listener: () => unknown) => void

type ListenerFunction = (this: unknown, event: Event) => unknown
type Listener = ListenerFunction | { handleEvent: ListenerFunction }

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the signal below; its own are in their place
const { addEventListener, removeEventListener } = EventTarget.prototype

/**
 * Makes a controller whose signal a task can be given. Node rethrows what an `abort` listener throws as an
 * `uncaughtException`, where no try and catch of ours can see it, so the signal wraps each listener that is added
 * through it, as Node itself adds the one of `onabort`.
 * It stays an AbortSignal to `fetch`, `timers/promises`, `AbortSignal.any` and `instanceof`.
 */
export function createGuardedController(callListener: CallListener): AbortController {
  const controller = new AbortController()
  const { signal } = controller
  const wrappers = new WeakMap<object, ListenerFunction>()
  const guards = new WeakSet<object>()
  const wrap = (listener: unknown): unknown => {
    // Node itself takes a listener back by the wrapper it knows it by.
    if (!isListener(listener) || guards.has(listener)) return listener
    let wrapper = wrappers.get(listener)
    if (wrapper === undefined) {
      wrapper = guard(listener, callListener)
      wrappers.set(listener, wrapper)
      guards.add(wrapper)
    }
    return wrapper
  }
  Object.defineProperties(signal, {
    addEventListener: {
      configurable: true,
      value(type: string, listener: unknown, options?: object) {
        addEventListener.call(signal, type, wrap(listener) as ListenerFunction, options)
      },
    },
    removeEventListener: {
      configurable: true,
      value(type: string, listener: unknown, options?: object) {
        removeEventListener.call(signal, type, wrap(listener) as ListenerFunction, options)
      },
    },
  })
  return controller
}

const isListener = (value: unknown): value is Listener & object =>
  typeof value === 'function' || (typeof value === 'object' && value !== null)

function guard(listener: Listener, callListener: CallListener): ListenerFunction {
  return function (event) {
    callListener(() => (typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)))
  }
}
