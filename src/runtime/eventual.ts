/** A value that will be known once. The promise is made when somebody asks for it, and never rejects. */
export class Eventual<T> {
  #isKnown = false
  #value: T | undefined
  #promise: Promise<T> | undefined
  #resolve: ((value: T) => void) | undefined

  get promise(): Promise<T> {
    return (this.#promise ??= this.#isKnown
      ? Promise.resolve(this.#value as T)
      : new Promise((resolve) => {
          this.#resolve = resolve
        }))
  }

  /** Only the first call counts. */
  set(value: T): void {
    if (this.#isKnown) return
    this.#isKnown = true
    this.#value = value
    this.#resolve?.(value)
  }
}
