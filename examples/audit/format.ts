import type { TaskError } from 'taskward'

const counts = new Intl.NumberFormat('en')

export const formatCount = (count: number): string => counts.format(count)

export const formatMs = (ms: number): string =>
  ms < 1_000
    ? `${Math.round(ms)} ms`
    : ms < 60_000
      ? `${(ms / 1_000).toFixed(1)} s`
      : `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`

export function formatBytes(bytes: number): string {
  let amount = bytes
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (amount < 999.5) return `${amount < 10 && unit !== 'B' ? amount.toFixed(1) : Math.round(amount)} ${unit}`
    amount /= 1_000
  }
  return `${amount.toFixed(1)} TB`
}

/** What errors are grouped by: their code, or their class where they have none. */
export function kindOf({ code, details }: TaskError): string {
  const name = details?.['name']
  return code ?? (typeof name === 'string' ? name : 'Error')
}
