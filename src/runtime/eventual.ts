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

/** What is asked for where the bare answer has done so far. */
export function eventualOf(known: Eventual<boolean> | boolean | null): Eventual<boolean> {
  if (typeof known === 'object' && known !== null) return known
  const eventual = new Eventual<boolean>()
  if (known !== null) eventual.set(known)
  return eventual
}

/** The same with an answer, of which only the first counts. */
export function told(known: Eventual<boolean> | boolean | null, answer: boolean): Eventual<boolean> | boolean {
  if (known === null) return answer
  if (typeof known === 'object') known.set(answer)
  return known
}
