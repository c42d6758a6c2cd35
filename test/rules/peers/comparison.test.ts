import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const PEERS = ['aiojobs', 'elixir', 'suture', 'tokio', 'p-queue']

const page = readFileSync('docs/comparison.md', 'utf8')
const sections = page.split(/^## /m).slice(1)

it.each(PEERS)('the page on peers and the tests beside %s have the same sentences, row by row', (peer) => {
  const file = `test/rules/peers/${peer}.test.ts`
  const section = sections.find((text) => text.includes(`(../${file})`)) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !/^\| (behaviour|-)/.test(line))
  const sentences = rows.map((row) => /^\|[^|]+\|[^|]*\| _([^|]+?)_(?=\W)[^|]*\|$/.exec(row)?.[1] ?? row)
  const titles = [...readFileSync(file, 'utf8').matchAll(/^ {2}it\((?:'([^']+)'|"([^"]+)")/gm)]
  expect(sentences).toEqual(titles.map(([, single, double]) => single ?? double))
})

it('the page on peers has a table for each of them, and no other', () => {
  expect(sections).toHaveLength(PEERS.length)
})

it('the page on peers speaks of the p-queue that its tests run', () => {
  const { version } = JSON.parse(readFileSync('node_modules/p-queue/package.json', 'utf8')) as { version: string }
  expect(page).toContain(`\n## p-queue ${version}\n`)
})
