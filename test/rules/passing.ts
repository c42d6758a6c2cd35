import { turns, type Clocked } from './support.js'

/** Lets time pass in steps until the promise settles. */
export async function passing<T>(
  { clock }: Pick<Clocked, 'clock'>,
  promise: Promise<T>,
  stepMs = 10,
  steps = 500,
): Promise<T> {
  let isOver = false
  const done = (): void => void (isOver = true)
  promise.then(done, done)
  await turns(3)
  for (let step = 0; step < steps && !isOver; step++) {
    clock.advance(stepMs)
    await turns(3)
  }
  if (!isOver) throw new Error(`still not settled after ${String(steps * stepMs)} ms`)
  return promise
}
