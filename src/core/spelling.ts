/** Finds the known word that was likely meant, or undefined when none is near. Case and separators do not count. */
export function likelySpelling(word: string, known: readonly string[]): string | undefined {
  const wanted = fold(word)
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const folded = fold(candidate)
    const isStart = folded !== wanted && folded.startsWith(wanted) && wanted.length > 3
    const distance = isStart ? 1 : editDistance(wanted, folded)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

const fold = (word: string): string =>
  word
    .slice(0, 64)
    .toLowerCase()
    .replace(/[-_\s]/g, '')

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1))
    }
    previous = row
  }
  return previous[b.length]!
}
