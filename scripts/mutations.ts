// Breaks the supervisor on purpose, one fault at a time, in a copy of the tree, and sees whether the model tests notice.
// `npm run test:mutations -- [parts of names]`; MODEL_RUNS and MODEL_SEED as in the tests.
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { MUTATIONS } from './mutations/catalogue.js'
import { faultsOf, type Mutation } from './mutations/mutation.js'

const ROOT = join(import.meta.dirname, '..')
const COPIED = ['package.json', 'tsconfig.json', 'vitest.config.ts', 'src', 'test/model', 'test/support']
const LIMIT_MS = 180_000
const { MODEL_RUNS = '2000', MODEL_SEED = '1' } = process.env
// A failure is wanted, not its smallest form.
const ENV = { ...process.env, MODEL_RUNS, MODEL_SEED, MODEL_SHRINK: '0', MODEL_EVENTS: '3', NO_COLOR: '1' }

interface Verdict {
  isKilled: boolean
  by: string
  after: string
}

/** A copy to break things in. Its dependencies are links, so that what tools leave beside them stays in the copy. */
function copyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), 'taskward-mutations-'))
  for (const path of COPIED) cpSync(join(ROOT, path), join(tree, path), { recursive: true })
  // It holds the catalogue against the code as it is, so it would notice every mutation.
  rmSync(join(tree, 'test/model/mutations.test.ts'))
  mkdirSync(join(tree, 'node_modules'))
  for (const entry of readdirSync(join(ROOT, 'node_modules'))) {
    if (entry !== '.vite') symlinkSync(join(ROOT, 'node_modules', entry), join(tree, 'node_modules', entry))
  }
  return tree
}

function apply(tree: string, { edits }: Mutation): void {
  for (const { file, find, replace } of edits) {
    const path = join(tree, file)
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(find, () => replace),
    )
  }
}

function restore(tree: string, { edits }: Mutation): void {
  for (const { file } of edits) cpSync(join(ROOT, file), join(tree, file))
}

interface Report {
  testResults: {
    name: string
    message: string
    assertionResults: { title: string; status: string; failureMessages: string[] }[]
  }[]
}

/** Runs the model tests in the tree, up to the first failure. */
async function judge(tree: string): Promise<Verdict> {
  const output = join(tree, 'report.json')
  rmSync(output, { force: true })
  const start = performance.now()
  const vitest = join(tree, 'node_modules', 'vitest', 'vitest.mjs')
  const options = ['--bail=1', '--maxWorkers=1', '--sequence.seed=1', '--reporter=json', `--outputFile=${output}`]
  const child = spawn(process.execPath, [vitest, 'run', 'test/model', ...options], {
    cwd: tree,
    env: ENV,
    stdio: 'ignore',
  })
  let isHung = false
  const timer = setTimeout(() => {
    isHung = true
    child.kill('SIGKILL')
  }, LIMIT_MS)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  clearTimeout(timer)
  const seconds = `${((performance.now() - start) / 1000).toFixed(1)} s`
  if (isHung) return { isKilled: true, by: 'the tests never end', after: seconds }
  if (code === 0) return { isKilled: false, by: '', after: seconds }
  const { by, runs } = causeOf(output)
  return { isKilled: true, by, after: runs === undefined ? seconds : `${runs} runs, ${seconds}` }
}

function causeOf(output: string): { by: string; runs?: string } {
  if (!existsSync(output)) return { by: 'the tests crash' }
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as Report
  for (const { message, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed')
    if (!failed) {
      if (message !== '') return { by: firstLine(message) }
      continue
    }
    const text = failed.failureMessages.join('\n')
    const runs = /Property failed after (\d+) tests/.exec(text)?.[1]
    const what = /Disagreement: (.*)/.exec(text)?.[1]
    if (runs !== undefined) return { by: what ?? firstLine(text.slice(text.indexOf('Got '))), runs }
    return { by: what ?? `"${failed.title}"` }
  }
  return { by: 'an error outside the tests' }
}

const firstLine = (text: string) => text.trim().split('\n', 1)[0]!.slice(0, 100)

async function main(): Promise<number> {
  const wanted = process.argv.slice(2)
  const mutations = MUTATIONS.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  const faults = mutations.flatMap(faultsOf)
  if (faults.length > 0 || mutations.length === 0) {
    console.error(faults.join('\n') || `no mutation is called '${wanted.join(`' or '`)}'`)
    return 1
  }

  const trees = Array.from({ length: Math.min(2, availableParallelism()) }, copyTree)
  try {
    const sound = await judge(trees[0]!)
    if (sound.isKilled) {
      console.error(`The tests fail without any mutation: ${sound.by}`)
      return 1
    }
    console.log(
      `sound: all tests pass, ${sound.after}; ${mutations.length} mutations, ${MODEL_RUNS} runs at most, seed ${MODEL_SEED}\n`,
    )
    return await campaign(trees, mutations)
  } finally {
    for (const tree of trees) rmSync(tree, { recursive: true, force: true })
  }
}

/** Every mutation in one of the trees; gives the exit code. */
async function campaign(trees: readonly string[], mutations: readonly Mutation[]): Promise<number> {
  const start = performance.now()
  const left = mutations.values()
  const survivors: string[] = []
  const width = Math.max(...mutations.map(({ name }) => name.length))
  const work = async (tree: string): Promise<void> => {
    for (const mutation of left) {
      apply(tree, mutation)
      const { isKilled, by, after } = await judge(tree)
      restore(tree, mutation)
      if (!isKilled) survivors.push(mutation.name)
      console.log(`${mutation.name.padEnd(width)}  ${isKilled ? `killed by: ${by}` : 'SURVIVED'}  (${after})`)
    }
  }
  await Promise.all(trees.map(work))
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`\n${mutations.length - survivors.length} of ${mutations.length} killed, ${seconds} s`)
  if (survivors.length > 0) console.log(`survived: ${survivors.join('; ')}`)
  return survivors.length === 0 ? 0 : 1
}

process.exitCode = await main()
