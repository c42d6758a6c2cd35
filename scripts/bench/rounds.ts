/** Several figures of one thing. */
export type Figures = readonly number[]

export const median = (values: Figures): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Round by round: what slows one round down slows both. */
export const ratios = (values: Figures, to: Figures): Figures => values.map((value, round) => value / to[round]!)

/**
 * Measures each in turn, so many times over; every other round backwards, so that nobody always comes after the same. What it
 * gives has one figure a round.
 */
export async function inRounds<K, R>(
  keys: readonly K[],
  rounds: number,
  measure: (key: K) => Promise<R>,
): Promise<Map<K, R[]>> {
  const results = new Map<K, R[]>(keys.map((key) => [key, []]))
  for (let round = 0; round < rounds; round++) {
    for (const key of round % 2 === 0 ? keys : [...keys].reverse()) results.get(key)!.push(await measure(key))
  }
  return results
}

/** The median, and from where to where the rounds went. */
export const spread = (values: Figures, show: (value: number) => string): string =>
  values.length === 1
    ? show(values[0]!)
    : `${show(median(values))} (${show(Math.min(...values))}–${show(Math.max(...values))})`

export const whole = (value: number): string => Math.round(value).toLocaleString('en')

/** Two digits that count. */
export const factor = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toPrecision(2))
