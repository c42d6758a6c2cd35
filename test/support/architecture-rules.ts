import ts from 'typescript'
import { importsOf, nodesOf, parse, valuesNamedIn, type Tree } from './source-tree.js'

/** Lower layers know nothing of higher ones. The first prefix that a path starts with decides its layer. */
export const LAYERS: readonly (readonly [prefix: string, layer: number])[] = [
  ['core/', 0],
  ['store.ts', 1],
  ['engine.ts', 1],
  ['events.ts', 1],
  ['metric.ts', 1],
  ['clock.ts', 1],
  ['logger.ts', 1],
  ['service.ts', 1],
  ['status.ts', 1],
  ['scope.ts', 1],
  ['work.ts', 1],
  ['runtime/', 2],
  ['stores/memory.ts', 3],
  ['stores/memory/', 3],
  ['engines/local.ts', 3],
  ['process/exits.ts', 3],
  ['process/complain.ts', 3],
  ['options.ts', 4],
  ['options/', 4],
  ['schemas.ts', 4],
  ['spawner.ts', 5],
  ['supervised-scope.ts', 5],
  ['supervisor.ts', 5],
  ['stores/', 6],
  ['engines/', 6],
  ['metrics/', 6],
  ['exporters/', 6],
  ['http/', 6],
  ['client/', 6],
  ['dashboard/', 6],
  ['process/', 6],
  ['eslint/', 6],
  ['testing/', 7],
  ['store-kit.ts', 7],
  ['index.ts', 7],
]

const EDGE = 6

/** A dependency is imported by exactly one file, so that it can be replaced there. */
export const OWNERS: Readonly<Record<string, string>> = {
  'p-queue': 'runtime/slots.ts',
  eventemitter3: 'runtime/emitter.ts',
  zod: 'schemas.ts',
  'node:async_hooks': 'runtime/context.ts',
  pg: 'stores/postgres/connection.ts',
  ioredis: 'stores/redis/connection.ts',
}

/** The same for what is loaded by its name, where it is there, so that no import shows it. */
export const LOADERS: Readonly<Record<string, string>> = {
  'node:sqlite': 'stores/sqlite/driver.ts',
  'better-sqlite3': 'stores/sqlite/driver.ts',
  libsql: 'stores/sqlite/driver.ts',
}

const MAX_LINES = 300

/** What `runtime/` may take from Node: nothing that reads a clock, sets a timer, or reaches disk or network. */
const RUNTIME_MODULES = new Set([
  'node:async_hooks',
  'node:crypto',
  'node:diagnostics_channel',
  'node:events',
  'node:util',
])

const CLOCKS = ['Date', 'Math.random', 'performance', 'setImmediate', 'setInterval', 'setTimeout']
const IMPURE = [...CLOCKS, 'console', 'crypto', 'fetch', 'global', 'process', 'Promise', 'queueMicrotask', 'require']

const layerOf = (file: string) => LAYERS.find(([prefix]) => file.startsWith(prefix))?.[1]

/** Those of `banned` that a file names; `globalThis` and `Math` handed on as a whole could be any of them. */
const namedOf = (banned: readonly string[], file: string, source: string) => {
  const isBanned = (name: string) =>
    name === 'globalThis' || name === 'Math' || banned.some((b) => name === b || name.startsWith(`${b}.`))
  const names = valuesNamedIn(file, source).map((name) => name.replace(/^globalThis\./, ''))
  // `Date.prototype.getTime.call(value)` reads a value, not the clock; `Promise.prototype.then` makes nothing wait.
  const isMethod = (name: string) => name === 'Date.prototype' || name === 'Promise.prototype'
  return [...new Set(names.filter((name) => isBanned(name) && !isMethod(name)))]
}

type Rule = (file: string, source: string, tree: Tree) => string[]

const rules: Readonly<Record<string, Rule>> = {
  'belongs to a layer': (file) => (layerOf(file) === undefined ? ['no layer has this path'] : []),

  'is short': (_, source) => {
    const lines = source.trimEnd().split('\n').length
    return lines > MAX_LINES ? [`${lines} lines, at most ${MAX_LINES}`] : []
  },

  'imports only what is there': (file, source, tree) =>
    importsOf(file, source)
      .filter(({ external, target }) => !external && !tree.has(target))
      .map(({ target }) => target),

  'imports only from its own layer or a lower one': (file, source) =>
    importsOf(file, source)
      .filter(({ external, target }) => !external && (layerOf(target) ?? 0) > (layerOf(file) ?? 0))
      .map(({ target }) => target),

  'sees the supervisor only as a type when it is an edge': (file, source) =>
    importsOf(file, source)
      .filter(({ target, typeOnly }) => layerOf(file) === EDGE && target === 'supervisor.ts' && !typeOnly)
      .map(({ target }) => target),

  'imports a dependency only when it owns it': (file, source) =>
    importsOf(file, source)
      .filter(({ external, target }) => external && (target in OWNERS || !target.startsWith('node:')))
      .filter(({ target }) => OWNERS[target] !== file)
      .map(({ target }) => target),

  'names what it exports': (file, source) =>
    [...nodesOf(parse(file, source))]
      .filter((node) => ts.isExportDeclaration(node) && (!node.exportClause || ts.isNamespaceExport(node.exportClause)))
      .map((node) => node.getText()),

  'is pure when it is core': (file, source) => {
    if (!file.startsWith('core/')) return []
    const imports = importsOf(file, source)
      .filter(({ external }) => external)
      .filter(({ target, names }) => target !== 'node:util' || names.join() !== 'types')
      .map(({ target, names }) => `imports ${names.join(', ')} from ${target}`)
    const waits = [...nodesOf(parse(file, source))]
      .filter(
        ({ kind }) =>
          kind === ts.SyntaxKind.AwaitKeyword ||
          kind === ts.SyntaxKind.AwaitExpression ||
          kind === ts.SyntaxKind.AsyncKeyword,
      )
      .map((node) => node.getText())
    return [...imports, ...waits, ...namedOf(IMPURE, file, source)]
  },

  'leaves time and chance to the clock when it is runtime': (file, source) =>
    file.startsWith('runtime/') && file !== 'runtime/clock.ts' ? namedOf(CLOCKS, file, source) : [],

  'leaves the process to its edge when it is runtime': (file, source) =>
    file.startsWith('runtime/') && file !== 'runtime/clock.ts' ? namedOf(['process', 'console'], file, source) : [],

  'reaches no disk, network or timer module when it is runtime': (file, source) =>
    importsOf(file, source)
      .filter(({ target }) => file.startsWith('runtime/') && target.startsWith('node:') && !RUNTIME_MODULES.has(target))
      .filter(({ target }) => !(file === 'runtime/clock.ts' && target === 'node:perf_hooks'))
      .map(({ target }) => target),
}

/** Cycles of imports, types included: each as `a -> b -> a`. */
const cyclesOf = (tree: Tree): string[] => {
  const cycles: string[] = []
  const done = new Set<string>()
  const walk = (file: string, trail: readonly string[]) => {
    if (trail.includes(file)) return void cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '))
    if (done.has(file)) return
    for (const { target, external } of importsOf(file, tree.get(file) ?? ''))
      if (!external) walk(target, [...trail, file])
    done.add(file)
  }
  for (const file of tree.keys()) walk(file, [])
  return cycles
}

export const RULES: readonly string[] = [...Object.keys(rules), 'has no cycle of imports']

/** Where a tree breaks a rule, as `file: what`. */
export const violationsOf = (rule: string, tree: Tree): string[] => {
  const check = rules[rule]
  if (!check) return cyclesOf(tree)
  return [...tree].flatMap(([file, source]) => check(file, source, tree).map((what) => `${file}: ${what}`))
}
