/** Lets this turn of the event loop end, with all promise reactions in it and what was put off to its end. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

/** Whether the promise has settled by the end of this turn, and how. */
export async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'unsettled'
  promise.then(
    (value) => (state = value),
    (reason: unknown) => (state = { rejected: reason }),
  )
  await nextTurn()
  return state
}
