// A poller that survives what it polls: restarted with backoff when that fails, and by its health check when it hangs.
import { setTimeout as sleep } from 'node:timers/promises'
import { TaskSupervisor, type ServiceContext } from 'taskward'
import { allFetched, fetchMessages } from './inbox.js'

const supervisor = new TaskSupervisor({
  name: 'mailer',
  // At most two deliveries at once, and no more than twenty begin in a second.
  lanes: { delivery: { concurrency: 2, rate: { limit: 20, interval: 1_000 } } },
})

let lastPollAt = performance.now()

async function poll({ signal, spawn }: ServiceContext): Promise<void> {
  for (;;) {
    lastPollAt = performance.now()
    for (const message of await fetchMessages(signal)) {
      // The poller does not wait for the delivery, and the delivery outlives the poller.
      spawn(() => deliver(message), { name: message, lane: 'delivery', dedupe: { key: message } })
    }
    await sleep(20, undefined, { signal })
  }
}

const deliver = async (message: string): Promise<void> => {
  await sleep(50)
  console.log(`  delivered ${message}`)
}

supervisor.on('service:started', ({ service }) => console.log(`${service.name} started`))
supervisor.on('service:restarting', ({ service, error, delay }) => {
  console.log(`${service.name} starts again in ${delay} ms: ${error?.message ?? 'it has ended'}`)
})
supervisor.on('service:stopped', ({ service }) => console.log(`${service.name} stopped`))

supervisor.supervise('poller', poll, {
  backoff: { delay: 50, jitter: 'none' },
  healthCheck: { interval: 100, check: () => performance.now() - lastPollAt < 500 },
  // Before the deliveries are drained, so that no new ones come while they are.
  stopOnClose: 'first',
})

await allFetched
await new Promise(setImmediate)
console.log(`closing, with ${supervisor.status().lanes['delivery']!.waiting} waiting for delivery`)
const { completed, cancelled } = await supervisor.close()
console.log(`closed: ${completed} more delivered, ${cancelled} given up`)
