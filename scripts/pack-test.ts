// Installs the packed tarball in an empty folder and uses it as its users do: ESM, CommonJS and TypeScript.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { entry } from '../tsup.config.js'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'taskward-pack-'))
const subpaths = Object.keys(entry).map((key) => (key === 'index' ? 'taskward' : `taskward/${key}`))
const files = Object.keys(entry)

const run = (command: string, args: readonly string[], cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

/** Runs a program in the folder of the consumer; its own assertions decide. */
const runs = (name: string, source: string) => {
  writeFileSync(join(folder, name), `${source}\n`)
  run(process.execPath, [name])
}

const checks: Record<string, () => void> = {
  'the tarball holds what it should and no more': () => {
    const output = run('npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder], root)
    const [packed] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }]
    const extra = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^dist\/[\w./-]+\.(c?js|c?js\.map|d\.c?ts)$/.test(path))
      .sort()
    const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'THIRD-PARTY-NOTICES', 'package.json']
    if (extra.join() !== expected.join())
      throw new Error(`expected ${expected.join(', ')} and dist, got ${extra.join(', ')}`)
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
    run('npm', ['install', '--silent', '--prefer-offline', '--no-package-lock', `./${packed.filename}`])
  },

  'it names no path of the machine that built it': () => {
    const dist = join(folder, 'node_modules/taskward/dist')
    const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => /\.\w+$/.test(file))
    const naming = files.filter((file) => readFileSync(join(dist, file), 'utf8').includes(root))
    if (naming.length > 0) throw new Error(`${naming.join(', ')} name ${root}`)
  },

  'import works': () =>
    runs(
      'import.mjs',
      `import assert from 'node:assert/strict'
       import { TaskSupervisor } from 'taskward'
       const supervisor = new TaskSupervisor()
       assert.equal(await supervisor.run(() => 1), 1)
       await supervisor[Symbol.asyncDispose]()`,
    ),

  'require gives the same class as import': () =>
    runs(
      'same.cjs',
      `const assert = require('node:assert/strict')
       const { TaskSupervisor } = require('taskward')
       import('taskward').then((module) => assert.equal(module.TaskSupervisor, TaskSupervisor))`,
    ),

  'the CommonJS files work by themselves': () => {
    runs(
      'commonjs.cjs',
      `const assert = require('node:assert/strict')
       const { join, dirname } = require('node:path')
       const dist = join(dirname(require.resolve('taskward/package.json')), 'dist')
       for (const file of ${JSON.stringify(files)}) assert.ok(Object.keys(require(join(dist, file + '.cjs'))).length > 0, file)
       const { TaskSupervisor } = require(join(dist, 'index.cjs'))
       const supervisor = new TaskSupervisor()
       supervisor.run(() => 1)
         .then((value) => assert.equal(value, 1))
         .then(() => supervisor[Symbol.asyncDispose]())`,
    )
  },

  'the CommonJS files need no ESM package': () => {
    const dist = join(folder, 'node_modules/taskward/dist')
    const bundles = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.cjs'))
    const requiring = bundles.filter((file) =>
      /require\("p-(queue|timeout)"\)/.test(readFileSync(join(dist, file), 'utf8')),
    )
    if (requiring.length > 0) throw new Error(`${requiring.join(', ')} require p-queue or p-timeout`)
  },

  'every subpath loads by import and by require, with the same exports': () =>
    runs(
      'subpaths.cjs',
      `const assert = require('node:assert/strict')
       const load = async (name) => {
         const names = Object.keys(require(name)).sort()
         assert.ok(names.length > 0, name)
         assert.deepEqual(Object.keys(await import(name)).sort(), names, name)
       }
       Promise.all(${JSON.stringify(subpaths)}.map(load)).then(() => require('taskward/package.json'))`,
    ),

  'TypeScript consumers compile, strict and with every declaration checked': () => {
    // Where a Node project has its types; copied, so that nothing else of this checkout can be found from there.
    const require = createRequire(import.meta.url)
    for (const name of ['@types/node', 'undici-types']) {
      cpSync(dirname(require.resolve(`${name}/package.json`)), join(folder, 'node_modules', name), { recursive: true })
    }
    const imports = subpaths.map((name, index) => `import * as module${index} from '${name}'`)
    const source = [
      `import { TaskSupervisor } from 'taskward'`,
      ...imports,
      `const supervisor: TaskSupervisor = new TaskSupervisor()`,
      `const value: Promise<number> = supervisor.run(() => 1)`,
      `export { value }`,
      `export const modules: object[] = [${imports.map((_, index) => `module${index}`).join(', ')}]`,
    ].join('\n')
    mkdirSync(join(folder, 'types'))
    writeFileSync(join(folder, 'types/esm.mts'), source)
    writeFileSync(join(folder, 'types/commonjs.cts'), source)
    const tsc = require.resolve('typescript/lib/tsc.js')
    const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--types', 'node', '--target', 'es2022']
    const compile = (module: string, resolution: string, ...files: string[]) =>
      run(process.execPath, [tsc, ...strict, '--module', module, '--moduleResolution', resolution, ...files])
    compile('node16', 'node16', 'types/esm.mts', 'types/commonjs.cts')
    compile('esnext', 'bundler', 'types/esm.mts')
  },
}

let current = ''
try {
  for (const [name, check] of Object.entries(checks)) {
    current = name
    check()
    console.log(`ok: ${name}`)
  }
} catch (error) {
  console.error(`FAILED: ${current}`)
  // A compiler says what is wrong on its standard output.
  if (error instanceof Error && 'stdout' in error) console.error(String(error.stdout))
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
