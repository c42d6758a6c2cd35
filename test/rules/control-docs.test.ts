import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it, vi } from 'vitest'

const page = readFileSync('docs/control.md', 'utf8')
const examples = page
  .split(/^## /m)
  .flatMap((section) =>
    [...section.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => [section.split('\n')[0]!, code] as const),
  )

it.each(examples)('prints what the page on control says that it prints: %s', async (_, code) => {
  const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)/g)].map(([, text]) => text)
  expect(expected.length).toBeGreaterThan(0)
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const folder = mkdtempSync('test/.snippets-')
  try {
    const file = resolve(join(folder, 'control.mts'))
    writeFileSync(file, code)
    await import(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
  expect(log.mock.calls.map((values) => values.join(' '))).toEqual(expected)
})
