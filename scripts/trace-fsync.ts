/**
 * Shows by a trace of system calls that the file store acknowledges nothing before it is on the disk: for each id that a child
 * process writes to fd 1 after its `commit`, the segment was written, then synced with success, then the id written. Needs
 * `strace`; exits with 1 where the order is broken, with 2 where there is no strace. With `never` as its argument it shows what
 * it says of a store that does not sync.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Call {
  name: string
  /** The descriptor and its path, and what was written. */
  text: string
  began: number
  ended: number
  result: number
}

const CALLS = 'write,pwrite64,pwritev,fdatasync,fsync,rename,renameat2'
const CHILD = fileURLToPath(new URL('trace-fsync/child.ts', import.meta.url))

const FSYNC = process.argv[2] ?? 'commit'

const folder = mkdtempSync(join(tmpdir(), 'taskward-trace-'))
try {
  process.exitCode = main(join(folder, 'trace'), join(folder, 'tasks'))
} finally {
  rmSync(folder, { recursive: true })
}

function main(trace: string, directory: string): number {
  if (spawnSync('strace', ['-V']).error) {
    console.error('There is no strace: install it (on Debian: apt-get install strace)')
    return 2
  }
  const options = ['-f', '-y', '-s', '100000', '-o', trace, '-e', `trace=${CALLS}`]
  const { status, stderr } = spawnSync(
    'strace',
    [...options, process.execPath, '--import', 'tsx', CHILD, directory, FSYNC],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`The traced process failed: ${stderr}`)

  const calls = parse(readFileSync(trace, 'utf8'))
  const acknowledgements = calls.filter(({ name, text }) => name === 'write' && /^1<.*"traced-\d+-\d+\.\\n"/.test(text))
  if (acknowledgements.length === 0) throw new Error('Nothing was acknowledged')
  const broken = acknowledgements.filter((acknowledgement) => !isSynced(acknowledgement, calls))
  console.log(`${acknowledgements.length} acknowledgements, ${broken.length} of them before the disk had it`)
  show(calls, acknowledgements[0]!)
  return broken.length > 0 ? 1 : 0
}

/** Whether a sync that succeeded lies wholly between the write of the line and its acknowledgement. */
function isSynced(acknowledgement: Call, calls: readonly Call[]): boolean {
  const id = idIn(acknowledgement)
  const written = calls.find(({ text, name }) => name !== 'fdatasync' && text.includes(`\\"id\\":\\"${id}\\"`))
  if (!written || written.result <= 0) return false
  const file = /<([^>]*)>/.exec(written.text)![1]!
  return calls.some(
    ({ name, text, began, ended, result }) =>
      (name === 'fdatasync' || name === 'fsync') &&
      text.includes(`<${file}>`) &&
      result === 0 &&
      began > written.ended &&
      ended < acknowledgement.began,
  )
}

function idIn({ text }: Call): string {
  return /"(traced-[^\\]*)/.exec(text)![1]!
}

/** The calls of one acknowledgement, shortened. */
function show(calls: readonly Call[], acknowledgement: Call): void {
  for (const { name, text, began, result } of calls) {
    if (began > acknowledgement.began) return
    if (/segment|\.jsonl|tasks>|"traced/.test(text)) console.log(`  ${name}(${text.slice(0, 160)}) = ${result}`)
  }
}

/** A call of one thread may be broken by those of others: it begins where it is unfinished and ends where it is resumed. */
function parse(trace: string): Call[] {
  const calls: Call[] = []
  const unfinished = new Map<string, Call>()
  for (const [index, line] of trace.split('\n').entries()) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (thread === undefined || rest === undefined) continue
    const [, result] = /= (-?\d+)[^=]*$/.exec(rest) ?? []
    const [, name, text] = /^(\w+)\((.*)$/.exec(rest) ?? []
    if (name !== undefined && text !== undefined) {
      const call = { name, text, began: index, ended: index, result: Number(result) }
      calls.push(call)
      if (rest.endsWith('<unfinished ...>')) unfinished.set(thread, Object.assign(call, { ended: Infinity }))
    } else if (rest.startsWith('<... ')) {
      Object.assign(unfinished.get(thread) ?? {}, { ended: index, result: Number(result) })
    }
  }
  return calls
}
