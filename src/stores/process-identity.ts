import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which process it is, so that another one on the same machine can tell whether it still runs. JSON-safe. */
export interface ProcessIdentity {
  /** The machine since its last start, and the space in which its process ids count. */
  readonly host: string
  readonly pid: number
  /** When it started, in the machine's own measure: a process id is used again, but not with this. Null where that cannot be told. */
  readonly start: string | null
}

export function ownProcess(): ProcessIdentity {
  return { host: hostOf(), pid: process.pid, start: startOf(process.pid) }
}

/** For what was stored as one. */
export const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' && value !== null && 'host' in value && 'pid' in value && 'start' in value

/** Whether it is certain that the process has ended. One on another machine, or in another container, may live for all we know. */
export function isGone({ host, pid, start }: ProcessIdentity): boolean {
  if (host !== hostOf()) return false
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  const current = startOf(pid)
  return start !== null && current !== null && current !== start
}

let ownHost: string | undefined

function hostOf(): string {
  return (ownHost ??= [
    hostname(),
    read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    read(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' '))
}

/** The 22nd field of Linux's `stat`, counted from behind the name, which may contain anything. */
function startOf(pid: number): string | null {
  const stat = read(() => readFileSync(`/proc/${String(pid)}/stat`, 'latin1'))
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

/** Empty where the system does not tell. */
function read(file: () => string): string {
  try {
    return file()
  } catch {
    return ''
  }
}
