import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Summary } from '../../examples/audit/summary.js'

const CHECKOUT = join(import.meta.dirname, '../..')
/** A task has 256 bytes of name at most, so that the paths of a tree as deep as this do not fit. */
const DEEP = 40
const HOSTILE = 'evil\u001b[2J\u001b[31m\r\nAll accounted for: 0 spawned\u009b1A\u202egnp.exe\u0007'

let root: string
const children = new Set<ChildProcess>()

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'taskward-audit-'))
})

afterEach(() => {
  // One that a failed test has left behind.
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

const put = (path: string, content: string) => {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

const putPackage = (path: string, manifest: object = { name: path, version: '1.0.0' }) => {
  put(`${path}/package.json`, JSON.stringify(manifest))
  return JSON.stringify(manifest).length
}

/** A package that no machine hashes within the time of a test; it takes no room on the disk. */
const putEndless = (path: string) => {
  putPackage(path)
  put(`${path}/huge`, '')
  truncateSync(join(root, path, 'huge'), 2 ** 40)
}

const start = (...args: string[]) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/audit/main.ts', ...args], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('close', () => children.delete(child))
  const output = { stdout: '', stderr: '' }
  const readers = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
      for (const look of readers) look()
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }))
  const printed = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!output.stderr.includes(text) && !output.stdout.includes(text)) return
        readers.delete(look)
        resolve()
      }
      readers.add(look)
      look()
      void ended.then(() => {
        reject(new Error(`ended without printing '${text}': ${output.stderr}`))
      })
    })
  return { child, ended, printed }
}

const run = (...args: string[]) => start(...args).ended

const runJson = async (...args: string[]) => {
  const { code, stdout, stderr } = await run('--json', ...args)
  return { code, stderr, summary: parse(stdout) }
}

const parse = (stdout: string): Summary => {
  const summary = JSON.parse(stdout) as Summary
  const { spawned, completed, failed, cancelled } = summary.totals
  expect(summary.differences).toEqual([])
  expect(summary.balanced).toBe(true)
  expect(completed + failed + cancelled).toBe(spawned)
  return summary
}

const countsByKind = ({ errors }: Summary) =>
  Object.fromEntries(errors.map(({ kind, ended, count }) => [`${ended} ${kind}`, count]))

describe('the audit, on what it finds', { timeout: 60_000 }, () => {
  it('counts packages, files and bytes exactly, each file once', async () => {
    const sizes = [
      putPackage('node_modules/plain', { name: 'plain', version: '1.0.0', license: 'MIT' }),
      putPackage('node_modules/@scope/scoped', { name: '@scope/scoped', version: '2.0.0' }),
      putPackage('node_modules/plain/node_modules/inner', { name: 'inner', version: '1.0.0' }),
      putPackage('node_modules/other/node_modules/inner', { name: 'inner', version: '1.2.0-beta.1' }),
      putPackage('node_modules/other', { name: 'other', version: '1.0.0', license: { type: 'ISC' } }),
      putPackage('workspaces/one', { name: 'one', version: '0.0.0' }),
      // A package of its own, though it lies in another.
      putPackage('node_modules/plain/test/fixture', { name: 'fixture', version: '0.0.0' }),
      // Part of 'plain': it names no package.
      putPackage('node_modules/plain/esm', { type: 'module' }),
    ]
    put('node_modules/plain/esm/index.js', '12345')
    put('node_modules/.package-lock.json', 'of no package')
    put('node_modules/plain/node_modules/.bin/tool', 'of no package')
    put('workspaces/one/.git/config', 'of no package')

    const { code, summary } = await runJson(root)

    expect(code).toBe(0)
    expect(summary.totals).toMatchObject({ spawned: 8, completed: 8, failed: 0, cancelled: 0, rejected: 0 })
    expect(summary.packages).toBe(7)
    expect(summary.files).toBe(9)
    expect(summary.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0) + 5)
    expect(summary.licenses).toEqual({ none: 5, MIT: 1, ISC: 1 })
    expect(summary.duplicates).toEqual([{ name: 'inner', versions: ['1.0.0', '1.2.0-beta.1'] }])
  })

  it('records every manifest that is wrong, and fails no other package for it', async () => {
    putPackage('node_modules/good')
    put('node_modules/marked/package.json', '\uFEFF{"name":"marked","version":"1.0.0"}')
    put('node_modules/malformed/package.json', '{ "name": ')
    putPackage('node_modules/fieldless', { description: 'neither name nor version' })
    putPackage('node_modules/versionless', { name: 'versionless' })
    putPackage('node_modules/misversioned', { name: 'misversioned', version: 'latest' })
    put('node_modules/array/package.json', '[]')
    mkdirSync(join(root, 'node_modules/folder/package.json'), { recursive: true })
    mkdirSync(join(root, 'node_modules/empty'))
    mkdirSync(join(root, 'node_modules/dangling'))
    symlinkSync('nowhere', join(root, 'node_modules/dangling/package.json'))
    put('node_modules/good/fixtures/broken/package.json', 'no JSON')

    const { code, summary } = await runJson(root)

    expect(code).toBe(0)
    expect(summary.totals).toMatchObject({ spawned: 12, completed: 3, failed: 9, cancelled: 0 })
    expect(countsByKind(summary)).toEqual({
      'failed MANIFEST_INVALID': 4,
      'failed MANIFEST_MALFORMED': 2,
      'failed MANIFEST_NOT_A_FILE': 1,
      'failed ENOENT': 2,
    })
  })

  it('follows no symbolic link, so that a loop of them ends', async () => {
    putPackage('node_modules/one')
    symlinkSync('..', join(root, 'node_modules/one/up'))
    symlinkSync('self', join(root, 'node_modules/one/self'))
    symlinkSync(join(root, 'node_modules/one'), join(root, 'node_modules/two'))

    const { code, summary } = await runJson(root)

    expect(code).toBe(0)
    expect(summary.totals).toMatchObject({ spawned: 2, completed: 2 })
    expect(summary.files).toBe(1)
  })

  it.skipIf(process.platform === 'win32')('waits for no pipe, which nothing may ever be written to', async () => {
    putPackage('node_modules/one')
    mkdirSync(join(root, 'node_modules/two'))
    execFileSync('mkfifo', [join(root, 'node_modules/one/pipe'), join(root, 'node_modules/two/package.json')])

    const { code, summary } = await runJson(root)

    expect(code).toBe(0)
    expect(summary.files).toBe(1)
    expect(countsByKind(summary)).toEqual({ 'failed MANIFEST_NOT_A_FILE': 1 })
  })

  it('audits a tree deeper than the name of a task is long', async () => {
    putPackage('node_modules/nested'.concat('/node_modules/nested'.repeat(DEEP - 1)), {
      name: 'deep',
      version: '1.0.0',
    })

    const { code, summary } = await runJson(root)

    expect(code).toBe(0)
    expect(summary.totals).toMatchObject({ spawned: DEEP + 1, completed: 2, failed: DEEP - 1 })
    expect(summary.slowest[0]?.path).toHaveLength('node_modules/nested'.length * DEEP + DEEP - 1)
  })

  it.each(['', '--json'])('lets no hostile name or message forge output (%s)', async (...flags) => {
    put(`node_modules/${HOSTILE}/package.json`, '{\u001b[2J')
    putPackage(`node_modules/${HOSTILE}2`, { name: HOSTILE, version: '1.0.0', license: HOSTILE })
    putPackage('node_modules/wide', { name: '漢字'.repeat(60), version: '1.0.0-\u001b[2J' })

    const { code, stdout, stderr } = await run(root, ...flags.filter(Boolean))

    expect(code).toBe(0)
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(stdout.match(/^All accounted for:.*/gm) ?? []).toEqual(
      flags.includes('--json') ? [] : ['All accounted for: 4 spawned = 3 completed + 1 failed + 0 cancelled.'],
    )
  })

  it('ends with 1 and a message for a directory that is none', async () => {
    put('file', '')
    for (const path of [join(root, 'missing'), join(root, 'file')]) {
      const { code, stdout, stderr } = await run(path)
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^cannot read the directory .*: (ENOENT|ENOTDIR).*\n$/)
    }
  })
})

describe('the flags of the audit', { timeout: 60_000 }, () => {
  it.each([
    ['an unknown flag', ['--frobnicate'], "Unknown option '--frobnicate'"],
    ['a wrong number', ['--concurrency', '0'], "--concurrency: expected a whole number from 1, or Infinity, got '0'"],
    ['a wrong time', ['--timeout', '1.5'], "--timeout: expected a whole number from 0, or Infinity, got '1.5'"],
    ['a wrong policy', ['--on-overflow', 'panic'], '--on-overflow: expected reject, drop-oldest or drop-newest'],
    ['two directories', ['one', 'two'], 'expected one directory, got 2: one, two'],
  ])('end with 2 and a message for %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(message)
    expect(stderr.trimEnd()).not.toContain('\n')
  })

  it('are listed by --help', async () => {
    const { code, stdout } = await run('--help')
    expect(code).toBe(0)
    for (const flag of ['--concurrency', '--timeout', '--queue-limit', '--on-overflow', '--grace', '--close-timeout']) {
      expect(stdout).toContain(flag)
    }
  })

  it('abandon what does not stop within --grace', async () => {
    putEndless('node_modules/endless')

    const { code, summary } = await runJson(root, '--timeout', '200', '--grace', '0')

    expect(code).toBe(0)
    expect(summary.totals).toMatchObject({ spawned: 2, completed: 1, failed: 1, timedOut: 1 })
    // Whether it stops in the very millisecond is up to the machine.
    expect(summary.close.abandoned.length).toBeLessThanOrEqual(summary.totals.abandoned)
  })

  it.each(['0', '1'])('time out what takes longer than --timeout %s', async (timeout) => {
    putEndless('node_modules/endless')
    for (let at = 0; at < 20; at += 1) putPackage(`node_modules/small-${at}`)

    const { code, summary } = await runJson(root, '--timeout', timeout)

    expect(code).toBe(0)
    expect(summary.totals.spawned).toBe(22)
    expect(summary.totals.timedOut).toBeGreaterThanOrEqual(1)
    expect(countsByKind(summary)).toEqual({ 'failed TASK_TIMEOUT': summary.totals.timedOut })
    expect(summary.totals.abandoned).toBe(0)
  })

  // With one slot nothing but the walk runs until every package is found, so all beyond the limit overflow.
  it.each([
    ['reject', 'failed TASK_QUEUE_FULL', { failed: 35, cancelled: 0 }, 'p00 p01 p02 p03 p04'],
    ['drop-newest', 'cancelled TASK_DROPPED', { failed: 0, cancelled: 35 }, 'p00 p01 p02 p03 p04'],
    ['drop-oldest', 'cancelled TASK_DROPPED', { failed: 0, cancelled: 35 }, 'p35 p36 p37 p38 p39'],
  ])('overflow by %s', async (policy, kind, ended, audited) => {
    for (let at = 0; at < 40; at += 1) putPackage(`p${String(at).padStart(2, '0')}`)

    const { code, summary } = await runJson(root, '--concurrency=1', '--queue-limit=5', '--on-overflow', policy)

    expect(code).toBe(0)
    expect(summary.totals).toMatchObject({ spawned: 41, completed: 6, rejected: 35, ...ended })
    expect(countsByKind(summary)).toEqual({ [kind]: 35 })
    expect(
      summary.slowest
        .map(({ path }) => path)
        .sort()
        .join(' '),
    ).toBe(audited)
  })
})

describe('the audit, when told to stop', { timeout: 60_000 }, () => {
  const CLOSE_TIMEOUT = 300
  const GRACE = 2_000
  const budget = [`--close-timeout=${CLOSE_TIMEOUT}`, `--grace=${GRACE}`]
  /** What an idle process needs to end, on a machine that is busy with something else. */
  const SLACK = 5_000

  beforeEach(() => {
    // The failure is printed at once, and by then the endless ones have their slots for good.
    for (const name of ['a', 'b']) putEndless(name)
    put('c/package.json', '{')
    for (let at = 0; at < 200; at += 1) putPackage(`later-${at}`)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('by %s, closes within its budget and balances the books', async (signal) => {
    const { child, ended, printed } = start(root, '--json', '--concurrency=3', '--timeout=Infinity', ...budget)
    await printed('failed c: MANIFEST_MALFORMED')

    const stoppedAt = performance.now()
    child.kill(signal)
    const { code, stdout, stderr } = await ended

    expect(performance.now() - stoppedAt).toBeLessThan(CLOSE_TIMEOUT + GRACE + SLACK)
    expect(code).toBe(0)
    expect(stderr).toContain(`${signal}: stopping within 2.3 s`)
    const summary = parse(stdout)
    expect(summary.interruptedBy).toBe(signal)
    expect(summary.close.durationMs).toBeLessThanOrEqual(CLOSE_TIMEOUT + GRACE)
    expect(summary.close.abandoned).toEqual([])
    expect(summary.totals).toMatchObject({ failed: 1, abandoned: 0 })
    expect(countsByKind(summary)['cancelled SUPERVISOR_CLOSED']).toBe(2)
  })

  it('prints its summary all the same', async () => {
    const { child, ended, printed } = start(root, '--plain', '--concurrency=3', ...budget)
    await printed('failed c: MANIFEST_MALFORMED')

    child.kill('SIGINT')
    const { code, stdout } = await ended

    expect(code).toBe(0)
    expect(stdout).toContain('interrupted by SIGINT')
    expect(stdout).toMatch(/\nAll accounted for: \d+ spawned = /)
  })

  it('exits at once with 130 on a second Ctrl-C', async () => {
    const { child, ended, printed } = start(root, '--close-timeout=Infinity', '--timeout=Infinity')
    await printed('failed c: MANIFEST_MALFORMED')

    child.kill('SIGINT')
    await printed('stopping within')
    const repeated = setInterval(() => child.kill('SIGINT'), 50)
    const { code, stdout } = await ended
    clearInterval(repeated)

    expect(code).toBe(130)
    expect(stdout).not.toContain('All accounted for')
  })

  it('cancels what waits at once, and lets what runs finish', async () => {
    rmSync(join(root, 'a'), { recursive: true })
    put('0/package.json', '{')
    put('1/large', '')
    // A second of work or two.
    truncateSync(join(root, '1/large'), 2 ** 31)
    putPackage('1')
    const { child, ended, printed } = start(
      root,
      '--json',
      '--concurrency=1',
      '--timeout=Infinity',
      '--close-timeout=50000',
    )
    // The only slot goes to the next one.
    await printed('failed 0: MANIFEST_MALFORMED')

    child.kill('SIGINT')
    const { code, stdout } = await ended

    expect(code).toBe(0)
    const summary = parse(stdout)
    expect(summary.totals).toMatchObject({ spawned: 205, completed: 2, failed: 1, cancelled: 202 })
    expect(summary.slowest.map(({ path }) => path)).toEqual(['1'])
    expect(countsByKind(summary)).toMatchObject({ 'cancelled TASK_CANCELLED': 202 })
  })

  it('looks for no more packages', async () => {
    rmSync(root, { recursive: true })
    put('0/package.json', '{')
    // The walk reads each of these to see whether it names a package, which takes seconds.
    put('1/package.json', JSON.stringify({ type: 'module', padding: ' '.repeat(12_000_000) }))
    for (let at = 0; at < 300; at += 1) {
      mkdirSync(join(root, `2-${at}`))
      linkSync(join(root, '1/package.json'), join(root, `2-${at}/package.json`))
    }
    putPackage('3')
    const { child, ended, printed } = start(root, '--json', '--close-timeout=50000')
    await printed('failed 0: MANIFEST_MALFORMED')

    child.kill('SIGINT')
    const { code, stdout } = await ended

    expect(code).toBe(0)
    const summary = parse(stdout)
    expect(summary.totals).toMatchObject({ spawned: 2, completed: 0, failed: 1, cancelled: 1 })
    expect(summary.errors).toContainEqual(expect.objectContaining({ kind: 'TASK_CANCELLED', ended: 'cancelled' }))
  })
})

describe('--history', () => {
  it('keeps the records of earlier runs, and lists what was interrupted by the end of one', async () => {
    const history = join(root, 'history')
    const packages = join(root, 'packages')
    putPackage('packages/small')
    const first = await run('--plain', '--history', history, packages)
    expect(first.code).toBe(0)
    expect(first.stdout).toContain('0 tasks of earlier runs')
    putEndless('packages/endless')
    const killed = start('--plain', '--history', history, packages)
    await killed.printed('/16 running')
    killed.child.kill('SIGKILL')
    await killed.ended
    rmSync(join(packages, 'endless'), { recursive: true })
    const third = await run('--plain', '--history', history, packages)
    expect(third.code).toBe(0)
    expect(third.stdout).toMatch(/failed endless: TASK_INTERRUPTED/)
    expect(third.stdout).toContain('2 spawned = 2 completed')
  }, 60_000)

  it('is kept in memory where the directory cannot be used, and the audit goes on', async () => {
    putPackage('packages/small')
    put('file', '')
    const { code, stdout } = await run('--plain', '--history', join(root, 'file'), join(root, 'packages'))
    expect(code).toBe(0)
    expect(stdout).toContain('history: kept in memory only')
    expect(stdout).toContain('2 spawned = 2 completed')
  }, 60_000)
})
