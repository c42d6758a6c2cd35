import { describe, expect, it } from 'vitest'
import { LOADERS, OWNERS, RULES, violationsOf } from './support/architecture-rules.js'
import { importsOf, readTree, type Tree } from './support/source-tree.js'

const src = readTree('src')

describe('every file in src', () => {
  it.each(RULES)('%s', (rule) => {
    expect(violationsOf(rule, src)).toEqual([])
  })

  it.each(Object.entries(OWNERS))('imports %s in its owner, %s', (dependency, owner) => {
    expect(importsOf(owner, src.get(owner) ?? '').map(({ target }) => target)).toContain(dependency)
  })

  it.each(Object.entries(LOADERS))('loads %s in %s alone', (dependency, owner) => {
    const naming = [...src].filter(([, source]) => source.includes(`'${dependency}'`)).map(([file]) => file)
    expect(naming).toEqual([owner])
  })
})

const sound: Record<string, string> = {
  'core/lifecycle.ts': `
    import { types } from 'node:util'
    import type { Clock } from './record.js'
    // Date.now() and await are only words here.
    export const at = (clock: Clock, value: object, made: Date): number => {
      if (types.isDate(value)) return Date.prototype.getTime.call(value)
      return clock.setTimeout + Math.max(1, clock.process)
    }
    export const words = 'setTimeout(() => {}, Math.random())'.length`,
  'core/record.ts': 'export interface Clock { setTimeout: number; process: number; Date: number }',
  'store.ts': `import type { Clock } from './core/record.js'\nexport type Store = Clock`,
  'runtime/clock.ts': `import { performance } from 'node:perf_hooks'\nexport const now = () => Date.now() + performance.now()`,
  'runtime/context.ts': `import { AsyncResource } from 'node:async_hooks'\nexport { AsyncResource }`,
  'runtime/emitter.ts': `export { EventEmitter } from 'eventemitter3'`,
  'runtime/slots.ts': `import PQueue from 'p-queue'\nimport { now } from './clock.js'\nexport const slots = [PQueue, now]`,
  'stores/memory.ts': `import type { Store } from '../store.js'\nexport const memoryStore = (): Store | undefined => undefined`,
  'schemas.ts': `import { z } from 'zod'\nexport const schema = z.string()`,
  'supervisor.ts': `import { slots } from './runtime/slots.js'\nexport class TaskSupervisor { slots = slots }`,
  'http/handler.ts': `import type { TaskSupervisor } from '../supervisor.js'\nexport type Handler = TaskSupervisor`,
  'index.ts': `export { TaskSupervisor } from './supervisor.js'\nexport type { Store } from './store.js'`,
}

/** Rule -> files that break it, each planted alone in the sound tree. */
const planted: Readonly<Record<string, readonly (readonly [file: string, source: string])[]>> = {
  'belongs to a layer': [
    ['helpers.ts', ''],
    ['retries/backoff.ts', ''],
  ],
  'is short': [['runtime/long.ts', 'void 0\n'.repeat(301)]],
  'imports only what is there': [['runtime/a.ts', `import './gone.js'`]],
  'imports only from its own layer or a lower one': [
    ['core/a.ts', `import type { Store } from '../store.js'`],
    ['core/a.ts', `export { slots } from '../runtime/slots.js'`],
    ['runtime/a.ts', `export const load = () => import('../supervisor.js')`],
    ['store.ts', `export type T = import('./supervisor.js').TaskSupervisor`],
    ['supervisor.ts', `import { Handler } from './http/handler.js'`],
    ['process/exits.ts', `import type { TaskSupervisor } from '../supervisor.js'`],
  ],
  'sees the supervisor only as a type when it is an edge': [
    ['stores/file.ts', `import { TaskSupervisor } from '../supervisor.js'`],
    ['http/node.ts', `import { type TaskSupervisor } from '../supervisor.js'`],
    ['process/signals.ts', `import { TaskSupervisor } from '../supervisor.js'`],
  ],
  'imports a dependency only when it owns it': [
    ['runtime/a.ts', `import PQueue from 'p-queue'`],
    ['options.ts', `import type { z } from 'zod'`],
    ['supervisor.ts', `import { AsyncLocalStorage } from 'node:async_hooks'`],
    ['stores/redis.ts', `export const load = () => import('left-pad')`],
    ['stores/file.ts', `import { readFile } from 'fs'`],
  ],
  'names what it exports': [
    ['index.ts', `export * from './store.js'`],
    ['index.ts', `export * as store from './store.js'`],
  ],
  'is pure when it is core': [
    ['core/a.ts', 'export const a = async () => 1'],
    ['core/a.ts', 'export async function* a(b) { for await (const c of b) yield c }'],
    ['core/a.ts', 'export const a = await b'],
    ['core/a.ts', 'export const a = Promise.resolve()'],
    ['core/a.ts', 'export const a = () => setTimeout(() => {}, 1)'],
    ['core/a.ts', 'export const a = { setInterval }'],
    ['core/a.ts', 'export const a = () => new Date()'],
    ['core/a.ts', 'export const a = Date.now'],
    ['core/a.ts', 'export const a = globalThis.Date.now'],
    ['core/a.ts', `export const a = globalThis['Date']`],
    ['core/a.ts', 'export const a = () => Math.random()'],
    ['core/a.ts', 'export const a = process.env'],
    ['core/a.ts', `import { inspect } from 'node:util'`],
    ['core/a.ts', `import { randomBytes } from 'node:crypto'`],
    ['core/a.ts', `import { z } from 'zod'`],
  ],
  'leaves time and chance to the clock when it is runtime': [
    ['runtime/a.ts', 'export const a = () => Date.now()'],
    ['runtime/a.ts', 'export const a = performance.now()'],
    ['runtime/a.ts', 'export const { random } = Math'],
    ['runtime/a.ts', 'export const a = (timer = setTimeout) => timer'],
    ['runtime/a.ts', 'setImmediate(() => {})'],
  ],
  'leaves the process to its edge when it is runtime': [
    ['runtime/a.ts', `process.on('exit', () => {})`],
    ['runtime/a.ts', 'export const a = globalThis.process'],
    ['runtime/a.ts', 'export const a = () => console.error(1)'],
  ],
  'reaches no disk, network or timer module when it is runtime': [
    ['runtime/a.ts', `import { readFileSync } from 'node:fs'`],
    ['runtime/a.ts', `import net = require('node:net')`],
    ['runtime/a.ts', `import { setTimeout } from 'node:timers/promises'`],
    ['runtime/a.ts', `import { performance } from 'node:perf_hooks'`],
  ],
  'has no cycle of imports': [
    ['core/record.ts', `import type { at } from './lifecycle.js'`],
    ['core/record.ts', `export type { Clock } from './record.js'`],
  ],
}

const plant = (file: string, source: string): Tree => new Map(Object.entries({ ...sound, [file]: source }))

describe('the rules', () => {
  it.each(RULES)('find nothing in a sound tree: %s', (rule) => {
    expect(violationsOf(rule, plant('core/sound.ts', ''))).toEqual([])
  })

  describe.each(RULES)('see a file that breaks: %s', (rule) => {
    const cases = (planted[rule] ?? []).map(([file, source]) => [file, source.split('\n', 1)[0], source] as const)
    it.each(cases)('%s: %s', (file, _, source) => {
      expect(violationsOf(rule, plant(file, source)).filter((line) => line.includes(file))).not.toEqual([])
    })
  })

  it('each have a violation planted', () => {
    expect(Object.keys(planted).sort()).toEqual([...RULES].sort())
  })
})
