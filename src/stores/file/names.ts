/** What is in the directory of a store, by number; the rest is none of its business. */
export interface Listing {
  /** Oldest first. */
  segments: number[]
  snapshots: number[]
  /** What a crash left half written. */
  unfinished: string[]
}

const digits = (number: number): string => String(number).padStart(8, '0')

export const segmentName = (number: number): string => `${digits(number)}.jsonl`
/** Holds all that the segments up to this number hold. */
export const snapshotName = (number: number): string => `${digits(number)}.snapshot.jsonl`
export const unfinishedName = (number: number): string => `${snapshotName(number)}.unfinished`

export function readNames(names: readonly string[]): Listing {
  const listing: Listing = { segments: [], snapshots: [], unfinished: [] }
  for (const name of names) {
    const [, number, kind, unfinished] = /^(\d{8,15})(\.snapshot)?\.jsonl(\.unfinished)?$/.exec(name) ?? []
    if (number === undefined) continue
    if (unfinished !== undefined) listing.unfinished.push(name)
    else if (kind === undefined) listing.segments.push(Number(number))
    else listing.snapshots.push(Number(number))
  }
  listing.segments.sort((a, b) => a - b)
  listing.snapshots.sort((a, b) => a - b)
  return listing
}
