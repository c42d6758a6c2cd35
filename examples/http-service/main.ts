// Starts the service of service.ts, is its clients for a moment, and closes both. Read service.ts first.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createService, supervisor } from './service.js'

supervisor.on('task:settled', ({ task }) => {
  const why = task.status === 'failed' ? `: ${task.error!.message}` : ''
  console.log(`  ${task.name} for ${task.owner ?? 'nobody'} ${task.status}${why}`)
})

const server = createService().listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo

async function get(path: string, signal: AbortSignal | null = null): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/${path}`, { signal })
  console.log(`${path}: ${response.status} ${(await response.text()).trim()}`)
}

await get('ann/order')
await get('carol/order')

const impatient = new AbortController()
supervisor.on('task:started', ({ task }) => {
  if (task.name === 'report') impatient.abort()
})
await get('bob/report', impatient.signal).catch(() => console.log('bob/report: bob has hung up'))

await supervisor.onIdle()
await get('dave/order')
await get('status')
server.close()
const { completed } = await supervisor.close()
console.log(`closed, having waited for ${completed} of dave's tasks`)
