import { expect, it } from 'vitest'
import { startExample } from './run-example.js'

it('the HTTP service awaits what a response needs, cancels what it does not, and sends receipts besides', async () => {
  const { code, lines, stderr } = await startExample('http-service').ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines).toEqual(
    expect.arrayContaining([
      'ann/order: 200 {"price":42,"stock":3}',
      '  price for ann completed',
      '  stock for ann completed',
      '  receipt for ann completed',
      // The other half of a response that fails.
      '  stock for carol failed: the warehouse does not answer',
      '  price for carol cancelled',
      'carol/order: 500 the warehouse does not answer',
      // The client that hangs up.
      'bob/report: bob has hung up',
      '  report for bob cancelled',
      '  receipt for dave completed',
    ]),
  )
  // Nothing else has run: no receipt for carol.
  expect(lines.filter((line) => line.startsWith('  '))).toHaveLength(9)
  expect(lines.find((line) => line.startsWith('status'))).toMatch(
    /^status: 200 shop open: \d\/50 running, 0 waiting; 9 spawned = [56] completed \+ 1 failed \+ 2 cancelled \+ [01] live$/,
  )
  expect(lines.at(-1)).toMatch(/^closed, having waited for [01] of dave's tasks$/)
})
