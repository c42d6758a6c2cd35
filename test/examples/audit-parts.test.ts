import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import fc from 'fast-check'
import { TaskSupervisor, type StatusTotals } from 'taskward'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { auditPackage } from '../../examples/audit/audit-package.js'
import { startAudit } from '../../examples/audit/audit.js'
import { differencesOf } from '../../examples/audit/books.js'
import { findPackages } from '../../examples/audit/find-packages.js'
import { colours, frameOf, noColours } from '../../examples/audit/frame.js'
import { Screen } from '../../examples/audit/screen.js'
import { onStopSignal } from '../../examples/audit/stop-signals.js'
import { table } from '../../examples/audit/table.js'
import { taskName } from '../../examples/audit/task-name.js'
import { clean, cleanJson, displayWidth, fit, fitEnd } from '../../examples/audit/text.js'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'taskward-audit-'))
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

const put = (path: string, content: string) => {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

const putPackage = (path: string) => put(`${path}/package.json`, '{"name":"some","version":"1.0.0"}')

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex')
const never = new AbortController().signal

describe('differencesOf', () => {
  const own = { spawned: 6, completed: 3, failed: 2, cancelled: 1, timedOut: 1, abandoned: 0, late: 1 }
  const totals: StatusTotals = { ...own, retried: 0, rejected: 0 }

  it('finds none where the accounts agree', () => {
    expect(differencesOf(own, totals)).toEqual([])
  })

  it.each(Object.keys(own))('finds one in %s', (name) => {
    const differences = differencesOf(own, { ...totals, [name]: 99 })
    expect(differences.join('\n')).toContain(`${name}: the supervisor says 99`)
  })

  it('finds that tasks are missing where both accounts miss them', () => {
    expect(differencesOf({ ...own, completed: 2 }, { ...totals, completed: 2 })).toEqual([
      'supervisor: spawned 6, but ended 5',
      'handles: spawned 6, but ended 5',
    ])
  })
})

describe('auditPackage', () => {
  it('hashes paths and contents in a stable order', async () => {
    putPackage('one')
    put('one/b.js', 'b')
    put('one/a/c.js', 'c')
    const line = (path: string, content: string) => JSON.stringify([path, 'file', sha256(content)])

    const { hash, files, bytes } = await auditPackage(join(root, 'one'), never)

    const manifest = '{"name":"some","version":"1.0.0"}'
    expect(hash).toBe(sha256(line('a/c.js', 'c') + line('b.js', 'b') + line('package.json', manifest)))
    expect({ files, bytes }).toEqual({ files: 3, bytes: manifest.length + 2 })
  })

  it('stops when its signal aborts', async () => {
    putPackage('one')
    const reason = new Error('enough')
    await expect(auditPackage(join(root, 'one'), AbortSignal.abort(reason))).rejects.toSatisfy(
      (error: Error) => error === reason || error.cause === reason,
    )
  })
})

describe('a directory that changes while it is audited', () => {
  it('is handed over where the walk can no longer read it, and the walk goes on', async () => {
    for (const name of ['a', 'b', 'c']) putPackage(name)
    const found: string[] = []
    const unreadable: string[] = []
    const walk = findPackages(root, never, (directory, reading) => {
      reading.catch(() => unreadable.push(directory))
    })
    for await (const directory of walk) {
      found.push(directory)
      rmSync(join(root, 'b'), { recursive: true, force: true })
    }
    expect(found).toEqual([join(root, 'a'), join(root, 'c')])
    expect(unreadable).toEqual([join(root, 'b')])
  })

  it('fails the packages it takes away, and no others', async () => {
    for (const name of ['a', 'b', 'c']) putPackage(name)
    const { supervisor, walk, books, findings } = startAudit(root, { concurrency: 1 })
    supervisor.on('task:completed', ({ task }) => {
      if (task.id === walk.id) rmSync(join(root, 'b'), { recursive: true })
    })
    await supervisor.close()
    await books.settled()

    const { items } = await supervisor.errors()
    expect(items.map(({ taskName: name, error }) => [name, error.code])).toEqual([['b', 'ENOENT']])
    expect(findings.packages).toBe(2)
    expect(differencesOf(books.counts, supervisor.status().totals)).toEqual([])
  })

  it('leaves a record of what the walk cannot read', async () => {
    putPackage('a')
    mkdirSync(join(root, 'gone'))
    const { supervisor, books } = startAudit(root, {})
    supervisor.on('task:spawned', ({ task }) => {
      if (task.name === 'a') rmSync(join(root, 'gone'), { recursive: true })
    })
    await supervisor.close()
    await books.settled()

    const { items } = await supervisor.errors()
    expect(items.map(({ taskName: name, error }) => [name, error.code])).toEqual([['gone', 'ENOENT']])
    expect(differencesOf(books.counts, supervisor.status().totals)).toEqual([])
  })
})

describe('onStopSignal', () => {
  it('takes two signals at once for one, since npm passes on the Ctrl-C that the process has had already', () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000)
    const onStop = vi.fn()
    const before = process.listeners('SIGINT')
    const restore = onStopSignal(onStop)
    const listener = process.listeners('SIGINT').find((each) => !before.includes(each))!

    listener('SIGINT')
    now.mockReturnValue(1_200)
    listener('SIGINT')
    expect(onStop.mock.calls).toEqual([['SIGINT']])
    expect(exit).not.toHaveBeenCalled()

    now.mockReturnValue(1_300)
    listener('SIGINT')
    listener('SIGTERM')
    expect(exit.mock.calls).toEqual([[130], [143]])

    restore()
    expect(process.listeners('SIGINT')).toEqual(before)
  })
})

describe('taskName', () => {
  it('is a name that a task may have, whatever the path', () => {
    const supervisor = new TaskSupervisor()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }), (path) => {
        fc.pre(!path.includes('\0'))
        expect(supervisor.spawn(() => 1, { name: taskName(path) }).name).toBe(taskName(path))
        expect(path.endsWith(taskName(path).replace(/^…/, '')) || path === taskName(path)).toBe(true)
      }),
    )
  })
})

describe('clean', () => {
  it('lets through no character that moves a cursor, and keeps all others', () => {
    expect(clean('a\u001b[2Jb\r\n\tc\u009b\u202e\u2028\ud800 é漢🎉')).toBe(
      'a\\u{1b}[2Jb\\r\\n\\tc\\u{9b}\\u{202e}\\u{2028}\\u{d800} é漢🎉',
    )
  })

  it('keeps what JSON means', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = cleanJson(JSON.stringify({ text }, null, 2))
        expect(JSON.parse(json)).toEqual({ text })
        expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})

describe('fit and fitEnd', () => {
  it('cut to at most so many columns, and no more than needed', () => {
    expect(fit('taskward', 8)).toBe('taskward')
    expect(fit('taskward', 5)).toBe('task…')
    expect(fitEnd('taskward', 5)).toBe('…ward')
    expect(fit('漢字漢字', 5)).toBe('漢字…')
    expect(fitEnd('漢字漢字', 5)).toBe('…漢字')
    expect(fit('taskward', 0)).toBe('')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }).map(clean), fc.nat(30), (text, columns) => {
        expect(displayWidth(fit(text, columns))).toBeLessThanOrEqual(columns)
        expect(displayWidth(fitEnd(text, columns))).toBeLessThanOrEqual(columns)
      }),
    )
  })
})

describe('table', () => {
  const heading = ['package', 'time', 'size', 'version']
  const rows = [
    ['node_modules/some-package', '12 ms', '1.0 MB', '1.2.3-beta.12345'],
    ['other', '3.4 s', '12 kB', '1.0.0'],
  ]

  it('sets numbers to the right', () => {
    expect(table(heading, rows, 80)).toEqual([
      '  package                     time    size  version',
      '  node_modules/some-package  12 ms  1.0 MB  1.2.3-beta.12345',
      '  other                      3.4 s   12 kB  1.0.0',
    ])
  })

  it('cuts the widest text first, then leaves out the last columns', () => {
    expect(table(heading, rows, 52)[1]).toBe('  …les/some-package  12 ms  1.0 MB  1.2.3-beta.12345')
    expect(table(heading, rows, 40)[1]).toBe('  …e_modules/some-package  12 ms  1.0 MB')
    for (const width of [30, 40, 52, 79]) {
      for (const line of table(heading, rows, width)) expect(displayWidth(line)).toBeLessThanOrEqual(width)
    }
  })
})

describe('the live display', () => {
  const viewOf = async () => {
    const supervisor = new TaskSupervisor({ name: 'audit', concurrency: 2 })
    const fail = () => Promise.reject(new Error('a message\n\u001b[2J'.repeat(20)))
    for (let at = 0; at < 5; at += 1) supervisor.spawn(fail, { name: `a/rather/long/path/of/a/package-${at}` })
    await supervisor.onIdle()
    const stuck = supervisor.spawn(() => new Promise(() => undefined), { name: '漢字'.repeat(20), timeout: Infinity })
    const status = supervisor.status({ tasks: 3 })
    stuck.cancel()
    return {
      status,
      searching: true,
      files: 12_345,
      bytes: 6_789_000,
      elapsedMs: 1_234,
      now: Date.now(),
      notice: 'stopping',
    }
  }

  it.each([20, 40, 80, 200])('keeps every line within %i columns', async (columns) => {
    const view = await viewOf()
    const lines = frameOf(view, columns, 24, noColours)
    for (const line of lines) {
      expect(displayWidth(line)).toBeLessThanOrEqual(columns)
      expect(clean(line)).toBe(line)
    }
    expect(lines[0]).toContain('5/6+ tasks')
    expect(lines.join('\n')).toMatch(/^failed +\S*ge-4:/m)
    expect(lines.join('\n')).toMatch(/^running +\d+ ms/m)
    expect(lines.at(-1)).toBe('stopping')
  })

  it('leaves a row of the terminal free', async () => {
    expect(frameOf(await viewOf(), 80, 5, colours)).toHaveLength(4)
  })

  it('draws over what it drew, and gives the cursor back', () => {
    const written: string[] = []
    const terminal = Object.assign(new PassThrough(), { columns: 80 })
    terminal.on('data', (text: Buffer) => written.push(text.toString()))
    const before = process.listenerCount('exit')

    const screen = new Screen(terminal as unknown as WriteStream)
    screen.draw(['one', 'two'])
    screen.draw(['three'])
    terminal.columns = 3
    screen.draw(['six'])
    screen.close()

    const [hidden, first, second, third, cleared, restored] = written
    expect(hidden).toBe('\u001b[?25l')
    expect(first).not.toMatch(/\u001b\[\d+A/)
    expect(second).toContain('\u001b[2A')
    // 'three' takes two rows of a terminal that has become this narrow.
    expect(third).toContain('\u001b[2A')
    expect(cleared).toBe('\r\u001b[1A\u001b[J')
    expect(restored).toBe('\u001b[?7h\u001b[?25h')
    expect(process.listenerCount('exit')).toBe(before)
  })
})
