import { fork } from 'node:child_process'
import { compileScript } from './built.js'
import type { Job, ResultOf } from './child.js'

/** A million waiting tasks take more than Node gives a process by itself. */
const HEAP_MB = 8_192
const LIMIT_MS = 300_000

let compiled: Promise<string> | undefined

/** Measures in a process of its own. Rejects where that fails, or takes longer than five minutes. */
export async function measureApart<J extends Job>(job: J): Promise<ResultOf<J>> {
  compiled ??= compileScript(new URL('child.ts', import.meta.url), 'child')
  return answerOf(await compiled, JSON.stringify(job))
}

/** What a compiled script sends. Rejects where it ends without. */
export function answerOf<R>(script: string, ...args: string[]): Promise<R> {
  const child = fork(script, args, {
    // Some of the contenders put more listeners on a signal than Node thinks wise.
    execArgv: ['--expose-gc', '--no-warnings', `--max-old-space-size=${String(HEAP_MB)}`],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as R))
    child.once('exit', (code, signal) =>
      reject(new Error(`${[script, ...args].join(' ')} ended with ${String(code ?? signal)}`)),
    )
  })
}
