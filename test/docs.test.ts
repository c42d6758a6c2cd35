import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { withDiagram } from '../scripts/lifecycle-diagram.js'
import { CLOSE_DEFAULTS, HEALTH_CHECK_DEFAULTS, SERVICE_DEFAULTS, SUPERVISOR_DEFAULTS } from '../src/options.js'
import { CAPTURE_DEFAULTS } from '../src/process/capture-unhandled-rejections.js'
import { SIGNAL_DEFAULTS } from '../src/process/close-on-signals.js'

const read = (path: string) => readFileSync(path, 'utf8')
const PAGES = ['README.md', ...listed('docs', '.md')].filter((page) => !page.startsWith('docs/api'))
const SOURCES = listed('src', '.ts')

// For fragments that show a call and not a program.
const PRELUDE = `import type { TaskSupervisor } from 'taskward'
declare const supervisor: TaskSupervisor
declare const order: unknown
declare function sendReceipt(order: unknown): Promise<void>
`

describe('the pages', () => {
  it('show the life cycle as its table has it', () => {
    const page = read('docs/architecture.md')
    const squeezed = (text: string) => text.replace(/\n+/g, '\n')
    expect(squeezed(page)).toBe(squeezed(withDiagram(page)))
  })

  it.each(PAGES)('%s links to files that are there', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target!)
    expect(targets.filter((target) => !existsSync(join(dirname(page), target)))).toEqual([])
  })

  it('has examples, in pages and docstrings alike, that compile', () => {
    const snippets = [...PAGES, ...SOURCES].flatMap(snippetsOf)
    expect(snippets.length).toBeGreaterThan(4)
    expect(errorsOf(snippets)).toEqual([])
  }, 60_000)
})

describe('the docstrings', () => {
  it.each([
    ['src/options/supervisor-options.ts', 'TaskSupervisorOptions', SUPERVISOR_DEFAULTS],
    ['src/options/supervisor-options.ts', 'RetentionOptions', SUPERVISOR_DEFAULTS.retention],
    ['src/work.ts', 'CloseOptions', CLOSE_DEFAULTS],
    ['src/service.ts', 'ServiceOptions', SERVICE_DEFAULTS],
    ['src/service.ts', 'HealthCheckOptions', HEALTH_CHECK_DEFAULTS],
    ['src/process/close-on-signals.ts', 'CloseOnSignalsOptions', SIGNAL_DEFAULTS],
    ['src/process/capture-unhandled-rejections.ts', 'CaptureOptions', CAPTURE_DEFAULTS],
  ])('in %s give the real defaults of %s', (file, name, defaults) => {
    const documented = defaultsIn(file, name)
    for (const [option, value] of Object.entries(defaults))
      expect([option, documented[option]]).toEqual([option, value])
  })
})

function listed(folder: string, ending: string): string[] {
  return ts.sys.readDirectory(folder, [ending]).map((path) => relative('.', path))
}

function snippetsOf(file: string): { where: string; code: string }[] {
  const text = read(file)
  return [...text.matchAll(/^([ *]*)```ts\n([^]*?)^[ *]*```/gm)].map(({ 1: margin, 2: body, index }) => {
    const code = body!
      .split('\n')
      .map((line) => (line.startsWith(margin!) ? line.slice(margin!.length) : line.replace(/^ *\* ?/, '')))
      .join('\n')
    const where = `${file}:${String(text.slice(0, index).split('\n').length)}`
    return { where, code: code.includes('import ') ? code : PRELUDE + code }
  })
}

function errorsOf(snippets: { where: string; code: string }[]): string[] {
  const folder = mkdtempSync('test/.snippets-')
  try {
    const { config } = ts.readConfigFile('tsconfig.json', read) as { config: { compilerOptions: object } }
    const { options } = ts.convertCompilerOptionsFromJson(
      { ...config.compilerOptions, noUnusedLocals: false, types: ['node'] },
      resolve('.'),
    )
    const files = snippets.map(({ where, code }, index) => {
      const path = resolve(folder, `snippet-${String(index)}.mts`)
      writeFileSync(path, `${code}\nexport {}\n`)
      return { path, where }
    })
    const program = ts.createProgram(
      files.map(({ path }) => path),
      options,
    )
    return files.flatMap(({ path, where }) => {
      const source = program.getSourceFile(path)
      return ts
        .getPreEmitDiagnostics(program, source)
        .map(({ messageText }) => `${where}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What the `@default` tags of an interface say, as values. */
function defaultsIn(file: string, name: string): Record<string, unknown> {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  const found: Record<string, unknown> = {}
  source.forEachChild((node) => {
    if (!ts.isInterfaceDeclaration(node) || node.name.text !== name) return
    for (const member of node.members) {
      const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default')
      const text = ts.getTextOfJSDocComment(tag?.comment)?.trim()
      if (text !== undefined && member.name) found[member.name.getText(source)] = valueOf(text)
    }
  })
  return found
}

function valueOf(literal: string): unknown {
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- our own docstrings
    return new Function(`return (${literal})`)()
  } catch {
    return literal
  }
}
