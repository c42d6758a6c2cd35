import { expect, it } from 'vitest'
import { startExample } from './run-example.js'

it('the poller starts again when its source fails and when it hangs, and every message is delivered', async () => {
  const { code, lines, stderr } = await startExample('poller').ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines.filter((line) => line.startsWith('poller'))).toEqual([
    'poller started',
    'poller starts again in 50 ms: connection reset',
    'poller started',
    "poller starts again in 100 ms: The health check of service 'poller' answered false",
    'poller started',
    'poller stopped',
  ])
  const messages = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `${number === 3 ? 'reminder' : 'invoice'} ${number}`)
  const delivered = lines.filter((line) => line.startsWith('  delivered '))
  expect(delivered.sort()).toEqual(messages.map((message) => `  delivered ${message}`).sort())
  // Two of the last five run at once.
  expect(lines).toContain('closing, with 3 waiting for delivery')
  expect(lines.indexOf('poller stopped')).toBeLessThan(lines.indexOf('  delivered invoice 8'))
  expect(lines.at(-1)).toBe('closed: 5 more delivered, 0 given up')
})
