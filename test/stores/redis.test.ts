import { fileURLToPath } from 'node:url'
import { redisStore } from '../../src/stores/redis.js'
import { testTaskStore, type SpoiledRow } from '../../src/testing/index.js'
import { makePlace, withRedis } from './redis/places.js'
import { describeWith, redisService } from '../support/services/index.js'

describeWith(await redisService(), 'on a real server', (url) => {
  testTaskStore('redisStore', () => {
    const { prefix, root, dispose } = makePlace(url)
    const make = () => redisStore({ url, prefix, onWarning: () => undefined })
    return {
      store: make(),
      reopen: make,
      child: {
        module: fileURLToPath(new URL('redis/child-store.ts', import.meta.url)),
        args: { url, prefix },
        execArgv: ['--import', 'tsx'],
      },
      spoil: (row) => spoil(url, root, row),
      noticesDeath: true,
      dispose,
    }
  })
})

function spoil(url: string, root: string, { of, taskId, text }: SpoiledRow): Promise<void> {
  const task = `${root}task:${taskId}`
  return withRedis(url, async (redis) => {
    if (of === 'record') {
      await redis.hset(task, 'body', text)
      return
    }
    const fields = await redis.hgetall(task)
    const last = (prefix: string) =>
      Object.keys(fields)
        .filter((field) => field.startsWith(prefix))
        .sort()
        .at(-1)!
    if (of === 'transition') {
      const field = last('history:')
      await redis.hset(task, field, [...fields[field]!.split('\n').slice(0, -1), text].join('\n'))
    } else {
      const [id] = JSON.parse(fields[last('errors:')]!) as [string]
      await redis.hset(`${root}error:${id}`, 'body', text)
    }
  })
}
