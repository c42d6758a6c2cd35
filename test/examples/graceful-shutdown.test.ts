import { expect, it } from 'vitest'
import { startExample } from './run-example.js'

it('SIGTERM lets finish what can, stops what obeys, names what does not, and ends with 0', async () => {
  const { child, printed, ended } = startExample('graceful-shutdown')
  await printed('ready')
  child.kill('SIGTERM')
  const { code, signal, lines, stderr } = await ended
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
  expect(lines).toHaveLength(8)
  expect(lines).toEqual(
    expect.arrayContaining([
      'SIGTERM: closing',
      '  upload: completed',
      '  import: cancelled',
      '  deaf: cancelled',
      '  deaf has not stopped, and is given up',
    ]),
  )
  expect(lines.slice(-2)).toEqual([
    'closed, abandoned: deaf',
    'worker closed: 0/50 running, 1 abandoned, 0 waiting; 3 spawned = 1 completed + 0 failed + 2 cancelled + 0 live',
  ])
})

it('a second SIGTERM ends the process at once, with 143, and a line on what it took along', async () => {
  const { child, printed, ended } = startExample('graceful-shutdown')
  await printed('ready')
  child.kill('SIGTERM')
  await printed('SIGTERM: closing')
  child.kill('SIGTERM')
  const { code, lines, stderr } = await ended
  expect(code).toBe(143)
  expect(lines.join()).not.toContain('closed')
  expect(stderr).toMatch(
    /^taskward: the process ends while tasks live: [23] of 'worker' \(.*deaf.*\), 0 recorded as interrupted\n$/,
  )
})
