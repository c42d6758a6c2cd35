import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

const CHECKOUT = join(import.meta.dirname, '../..')

export interface Example {
  readonly child: ChildProcess
  /** Resolves once it has printed this; rejects if it ends without. */
  readonly printed: (text: string) => Promise<void>
  readonly ended: Promise<{
    readonly code: number | null
    readonly signal: NodeJS.Signals | null
    readonly lines: readonly string[]
    readonly stderr: string
  }>
}

/** Runs an example as a process of its own, which is gone when the test is. */
export function startExample(name: string): Example {
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${name}/main.ts`], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  let [stdout, stderr] = ['', '']
  const looks = new Set<() => void>()
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of looks) look()
  })
  const ended: Example['ended'] = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code, signal, lines: stdout.trimEnd().split('\n'), stderr })
    })
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!stdout.includes(text)) return
        looks.delete(look)
        resolve()
      }
      looks.add(look)
      look()
      void ended.then(() => {
        reject(new Error(`ended without printing '${text}': ${stdout}${stderr}`))
      })
    })
  return { child, printed, ended }
}
