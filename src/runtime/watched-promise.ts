// eslint-disable-next-line @typescript-eslint/unbound-method -- always called with a receiver
const textOf = Function.prototype.toString
const NATIVE = /\{\s*\[native code\]\s*\}$/

/**
 * A promise that tells when somebody awaits it, or one that was made from it. That is known by who asks: `await`,
 * `Promise.all` and the like, and a `return` from an async function hand over functions of the engine's own, which have no
 * name; `.then(log)` hands over one of the user's, and goes on with something else.
 */
export class WatchedPromise<T> extends Promise<T> {
  #onAwaited: (() => void) | null = null

  static of<T>(promise: PromiseLike<T>, onAwaited: () => void): WatchedPromise<T> {
    const watched = new WatchedPromise<T>((resolve, reject) => {
      promise.then(resolve, reject)
    })
    watched.#onAwaited = onAwaited
    return watched
  }

  override then<F = T, R = never>(
    onFulfilled?: ((value: T) => F | PromiseLike<F>) | null,
    onRejected?: ((reason: unknown) => R | PromiseLike<R>) | null,
  ): Promise<F | R> {
    const next = super.then(onFulfilled, onRejected)
    if (isOfEngine(onFulfilled)) this.#onAwaited?.()
    else if (next instanceof WatchedPromise) next.#onAwaited = this.#onAwaited
    return next
  }

  /** To be called by who waits for it without `then`. */
  awaited(): void {
    this.#onAwaited?.()
  }
}

function isOfEngine(handler: unknown): boolean {
  return typeof handler === 'function' && handler.name === '' && NATIVE.test(textOf.call(handler))
}
