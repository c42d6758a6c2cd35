// What the response needs runs in a scope of its request, and is awaited. What outlives the response is spawned on the supervisor.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatStatus, TaskSupervisor, type TaskScope } from 'taskward'

export const supervisor = new TaskSupervisor({ name: 'shop', timeout: 10_000, lanes: { mail: { concurrency: 2 } } })

export function createService(): Server {
  return createServer((request, response) => void answer(request, response))
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, user = 'guest', page = ''] = request.url!.split('/')
  if (user === 'status') {
    response.end(`${formatStatus(supervisor.status())}\n`)
    return
  }
  // Leaving this function closes the scope: nothing of the request is left behind.
  await using scope = supervisor.scope('request', {
    owner: user,
    metadata: { page },
    signal: whenGone(response),
  })
  try {
    const body = page === 'order' ? await order(scope, user) : await scope.run(report)
    response.end(`${JSON.stringify(body)}\n`)
  } catch (error) {
    // What else runs for this response is of no use any more.
    scope.cancelAll(error)
    response.writeHead(500).end(`${(error as Error).message}\n`)
  }
}

async function order(scope: TaskScope, user: string): Promise<object> {
  const [price, stock] = await Promise.all([
    scope.run(() => sleep(20, 42), { name: 'price' }),
    scope.run(() => stockFor(user), { name: 'stock' }),
  ])
  // Nobody waits for the receipt. It goes on when the client is gone, and close() waits for it.
  supervisor.spawn(({ signal }) => sleep(100, undefined, { signal }), { name: 'receipt', owner: user, lane: 'mail' })
  return { price, stock }
}

async function stockFor(user: string): Promise<number> {
  if (user === 'carol') throw new Error('the warehouse does not answer')
  return 3
}

/** Takes far too long for anybody who waits. */
const report = ({ signal }: { signal: AbortSignal }) => sleep(9_000, { pages: 1_000 }, { signal })

/** Aborts when the client hangs up before it has its answer. */
function whenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the client has gone'))
  })
  return gone.signal
}
