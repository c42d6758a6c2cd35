// The whole check, stage by stage: stops at the first that fails, and ends with the counts of the tests.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface VitestReport {
  testResults: { status: string; assertionResults: { status: string }[] }[]
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
}

const folder = mkdtempSync(join(tmpdir(), 'taskward-test-'))
const report = join(folder, 'vitest.json')

const stages: readonly (readonly [name: string, script: string, ...args: string[]])[] = [
  ['format', 'format:check', '--log-level=warn'],
  ['lint', 'lint'],
  ['types', 'types'],
  ['tests', 'test:unit', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
  ['build', 'build', '--silent'],
  ['publint and attw', 'check:package', '--format=table-flipped'],
  ['pack', 'test:pack'],
]

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`

/** Runs the stages in order; the name of the first that failed, or undefined. */
const failedStage = (): string | undefined => {
  for (const [index, [name, script, ...args]] of stages.entries()) {
    console.log(`\n[${index + 1}/${stages.length}] ${name}`)
    const start = performance.now()
    const { status } = spawnSync('npm', ['run', '--silent', script, '--', ...args], { stdio: 'inherit' })
    if (status !== 0) return name
    console.log(`[${index + 1}/${stages.length}] ${name}: ok, ${seconds(start)}`)
  }
  return undefined
}

/** The counts of vitest as one line; undefined where the tests did not run. */
const counts = (hasFailed: boolean): string | undefined => {
  if (!existsSync(report)) return undefined
  const result = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  // A file may fail outside its tests, by a warning of Node for instance: it counts as one.
  const files = result.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  const skipped = result.numPendingTests + result.numTodoTests
  // What fails outside of any test, such as a rejection nobody handled, counts as one too.
  const outside = hasFailed && result.numFailedTests + files.length === 0 ? 1 : 0
  const line = `${result.numPassedTests} passed, ${result.numFailedTests + files.length + outside} failed`
  return skipped > 0 ? `${line}, ${skipped} skipped` : line
}

const start = performance.now()
const failed = failedStage()
console.log(
  failed === undefined ? `\nall stages ok, ${seconds(start)}` : `\nFAILED: ${failed}, after ${seconds(start)}`,
)
const line = counts(failed === 'tests')
rmSync(folder, { recursive: true, force: true })
if (line !== undefined) console.log(line)
process.exitCode = failed === undefined ? 0 : 1
