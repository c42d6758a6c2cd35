import { describe, expect, it } from 'vitest'
import { installedDrivers, openDatabase, type DriverSource } from '../../../src/stores/sqlite/driver.js'
import { isTaskStoreError } from '../../../src/core/errors.js'

class Opened {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
  exec(): void {
    throw new Error('not asked for')
  }
  prepare(): never {
    throw new Error('not asked for')
  }
}
class Builtin extends Opened {}
class BetterSqlite3 extends Opened {}
class Libsql extends Opened {}

/** A machine with these packages; the version of one that is there is a text, its loading may throw. */
const machine = (nodeVersion: string, installed: Record<string, string | Error>, builtin?: typeof Builtin) => {
  const loaded: string[] = []
  const source: DriverSource = {
    nodeVersion,
    builtin: () => builtin,
    versionOf: (name) => (name in installed ? String(installed[name]) : undefined),
    load: (name) => {
      loaded.push(name)
      const found = installed[name]
      if (found instanceof Error) throw found
      return found === undefined ? undefined : name === 'libsql' ? Libsql : BetterSqlite3
    },
  }
  return { source, loaded }
}

const refusalOf = (source: DriverSource): unknown => {
  try {
    return openDatabase('x.db', source)
  } catch (error) {
    return error
  }
}

describe('the driver for SQLite', () => {
  it('is the one that Node brings, whatever is installed', () => {
    const { source, loaded } = machine('22.13.0', { 'better-sqlite3': '13.0.0', libsql: '0.5.0' }, Builtin)
    expect(openDatabase('x.db', source)).toBeInstanceOf(Builtin)
    expect(loaded).toEqual([])
  })

  it.each([
    ['20.20.2', '12.4.1'],
    ['22.12.0', '13.2.0'],
  ])('is an installed better-sqlite3 on Node %s, in version %s', (node, version) => {
    const { source } = machine(node, { 'better-sqlite3': version, libsql: '0.5.0' })
    expect(openDatabase('x.db', source)).toBeInstanceOf(BetterSqlite3)
  })

  it('is libsql where there is no other, and is given the path', () => {
    const { source } = machine('20.20.2', { libsql: '0.5.0' })
    expect(openDatabase('x.db', source)).toEqual(new Libsql('x.db'))
  })

  it('is never a better-sqlite3 that would crash Node 20: that is not even loaded', () => {
    const alone = machine('20.20.2', { 'better-sqlite3': '13.2.0' })
    expect(String(refusalOf(alone.source))).toMatch(/npm install libsql.*better-sqlite3 13\.2\.0 needs Node 22.*@12/)
    expect(alone.loaded).not.toContain('better-sqlite3')

    const besideLibsql = machine('20.20.2', { 'better-sqlite3': '13.2.0', libsql: '0.5.0' })
    expect(openDatabase('x.db', besideLibsql.source)).toBeInstanceOf(Libsql)
    expect(besideLibsql.loaded).toEqual(['libsql'])
  })

  it('is libsql where better-sqlite3 does not load', () => {
    const { source } = machine('20.20.2', { 'better-sqlite3': new Error('wrong ELF class'), libsql: '0.5.0' })
    expect(openDatabase('x.db', source)).toBeInstanceOf(Libsql)
  })

  it('is asked for by name where there is none', () => {
    const refusal = refusalOf(machine('20.20.2', {}).source)
    expect(isTaskStoreError(refusal)).toBe(true)
    expect(refusal).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/run `npm install libsql`$/),
    })
  })

  it('says why an installed one does not load', () => {
    const cause = new Error('no such binary')
    const refusal = refusalOf(machine('20.20.2', { libsql: cause }).source)
    expect(refusal).toMatchObject({ message: expect.stringContaining('no such binary'), cause: { cause } })
  })
})

describe('what is installed here', () => {
  it('is looked for without loading it', () => {
    const { versionOf, load } = installedDrivers()
    expect(versionOf('vitest')).toMatch(/^\d+\.\d+\.\d+/)
    expect(versionOf('no-such-package-anywhere')).toBeUndefined()
    expect(load('no-such-package-anywhere')).toBeUndefined()
  })

  it('opens a database that answers', () => {
    const database = openDatabase(':memory:')
    expect(database.prepare('SELECT 1 + 1 AS sum').get()).toMatchObject({ sum: 2 })
    database.close?.()
  })
})
