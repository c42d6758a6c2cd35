import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'

const CONTENDERS = ['p-limit', 'fastq', 'p-queue', 'cockatiel', 'effect']

const versionIn = (file: string): string =>
  (JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as { version: string }).version

/** Where and when, at this moment: the load is that before anything is measured. */
export function machineLine(): string {
  const load = loadavg().map((average) => average.toFixed(1))
  return [
    `Node ${process.versions.node}`,
    `${String(availableParallelism())} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
    `load ${load.join(', ')} at the start`,
    new Date().toISOString().slice(0, 10),
  ].join('; ')
}

export const versionLine = (): string =>
  [
    `taskward ${versionIn('package.json')}`,
    ...CONTENDERS.map((name) => `${name} ${versionIn(`node_modules/${name}/package.json`)}`),
  ].join(', ')
