/** Milliseconds over all that was measured since the start. Exact below 64 ms, else within 1.6 %; `max` is exact. */
export interface Percentiles {
  count: number
  p50: number
  p90: number
  p99: number
  max: number
}

// Buckets are one apart below 64, then 32 to each doubling: 32 / 2^n wide, which is where the 1.6 % (half of 1/32) is from.
const EXACT = 64
const PER_DOUBLING = 32
const LARGEST = 2 ** 32 - 1
const BUCKETS = EXACT + PER_DOUBLING * (32 - 6)

/** Counts durations in constant space (some 4 kB once used; above 49 days they share a bucket). */
export class Histogram {
  #counts: Uint32Array | null = null
  #count = 0
  #max = 0

  add(durationMs: number): void {
    const value = durationMs > 0 ? Math.floor(durationMs) : 0
    this.#counts ??= new Uint32Array(BUCKETS)
    this.#counts[bucketOf(value)]!++
    this.#count++
    if (value > this.#max) this.#max = value
  }

  /** Costs one pass over the buckets, however many durations were added. */
  percentiles(): Percentiles {
    const [p50, p90, p99] = this.#ranks([0.5, 0.9, 0.99])
    return { count: this.#count, p50: p50!, p90: p90!, p99: p99!, max: this.#max }
  }

  #ranks(quantiles: readonly number[]): number[] {
    const found: number[] = []
    let seen = 0
    for (let bucket = 0; this.#counts !== null && bucket < BUCKETS && found.length < quantiles.length; bucket++) {
      seen += this.#counts[bucket]!
      while (
        found.length < quantiles.length &&
        seen >= Math.max(1, Math.ceil(quantiles[found.length]! * this.#count))
      ) {
        found.push(Math.min(middleOf(bucket), this.#max))
      }
    }
    while (found.length < quantiles.length) found.push(0)
    return found
  }
}

function bucketOf(value: number): number {
  if (value < EXACT) return value
  const bounded = Math.min(value, LARGEST)
  const doubling = 31 - Math.clz32(bounded)
  return EXACT + (doubling - 6) * PER_DOUBLING + Math.floor((bounded / 2 ** doubling - 1) * PER_DOUBLING)
}

function middleOf(bucket: number): number {
  if (bucket < EXACT) return bucket
  const doubling = 6 + Math.floor((bucket - EXACT) / PER_DOUBLING)
  const within = (bucket - EXACT) % PER_DOUBLING
  return Math.floor(2 ** doubling * (1 + (within + 0.5) / PER_DOUBLING))
}
