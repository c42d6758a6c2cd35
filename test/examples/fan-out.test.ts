import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startExample } from './run-example.js'

const pagesOf = (folder: string) => readdirSync(folder).filter((file) => file.endsWith('.md'))
const wordsOf = (folder: string) =>
  pagesOf(folder)
    .map((page) => readFileSync(join(folder, page), 'utf8').split(/\s+/).length)
    .reduce((sum, words) => sum + words, 0)

it('the fan-out tells how far it is, counts what can be counted, and does not start what needs all of it', async () => {
  const { code, lines, stderr } = await startExample('fan-out').ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines[0]).toMatch(/^words open: 3\/3 running, 1 waiting .*; 6 spawned = 0 completed .* \+ 6 live$/)
  const folders = ['docs', 'docs/decisions', 'docs/stores']
  for (const folder of folders) {
    const progress = lines.filter((line) => line.startsWith(`  ${folder}: `))
    const count = pagesOf(folder).length
    expect(progress.at(-1)).toContain(`${count} of ${count} (100 %)`)
  }
  expect(lines).toContain("  docs/missing failed: ENOENT: no such file or directory, scandir 'docs/missing'")
  expect(lines).toContain(
    "  index failed: Task 'index' was not started: it comes after 'docs/missing', which did not complete",
  )
  const total = folders.map(wordsOf).reduce((sum, words) => sum + words, 0)
  expect(lines.slice(-3)).toEqual([
    `total: ${total} words in 3 folders`,
    'index: TASK_DEPENDENCY_FAILED, after 0 attempts',
    'words closed: 0/3 running, 0 waiting; 6 spawned = 4 completed + 2 failed + 0 cancelled + 0 live',
  ])
})
