// The whole check, stage by stage: stops at the first that fails, and ends with the counts of the tests.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

interface VitestReport {
  testResults: {
    name: string
    status: string
    message: string
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[]
  }[]
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

const firstLine = (message = ''): string => message.split('\n', 1)[0]!.slice(0, 300)

/** What failed, in one line each: the end of a long log is what is kept of it, and read first. */
const failures = ({ testResults }: VitestReport): string[] =>
  testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, message, assertionResults }) => {
      const tests = assertionResults.filter(({ status }) => status === 'failed')
      const lines = tests.map(({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages[0])}`)
      const file = relative(process.cwd(), name)
      return (lines.length > 0 ? lines : [firstLine(message)]).map((text) => `  ${file} > ${text}`)
    })

/** The counts of vitest as one line. */
const counts = (result: VitestReport, hasFailed: boolean): string => {
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
if (existsSync(report)) {
  const result = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
  for (const failure of failures(result)) console.log(failure)
  console.log(counts(result, failed === 'tests'))
}
rmSync(folder, { recursive: true, force: true })
process.exitCode = failed === undefined ? 0 : 1
