import { spawnSync } from 'node:child_process'

const ROOT = new URL('../../../', import.meta.url)

/** Runs a script in a process of its own, where an unhandled rejection or exception is the end. Gives what it printed. */
export function runChild(script: string): { status: number | null; stdout: string; stderr: string } {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script.replaceAll("'src/", `'${ROOT.href}src/`)]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', timeout: 20_000 })
  return { status, stdout: stdout.trim(), stderr }
}
