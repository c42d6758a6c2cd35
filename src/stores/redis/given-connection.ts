import { AnyConnection, READY_LIMIT_MS } from './any-connection.js'
import { duplicateOf, type RedisClient } from './client.js'

/** The caller's client, which stays as it was found: its connection, its errors and its end are the caller's. */
export class GivenConnection extends AnyConnection {
  readonly #client: RedisClient

  constructor(client: RedisClient, root: string) {
    super(root)
    this.#client = client
  }

  listener(): RedisClient {
    return duplicateOf(this.#client)
  }

  protected async ready(): Promise<RedisClient> {
    const client = this.#client
    if (client.status === 'wait') await client.connect()
    if (client.status === 'end') throw new Error('the client handed in has been closed')
    if (client.status !== 'ready') await untilReady(client)
    return client
  }

  protected disconnect(): void {
    // It is the caller's.
  }
}

/** Waits outside of the client's own queue, which would send a command also after its caller has given up. */
function untilReady(client: RedisClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      client.off('ready', succeed)
      client.off('end', fail)
    }
    const succeed = (): void => {
      end()
      resolve()
    }
    const fail = (): void => {
      end()
      reject(new Error(`the client handed in is not connected (${client.status})`))
    }
    const timer = setTimeout(fail, READY_LIMIT_MS)
    client.on('ready', succeed)
    client.on('end', fail)
  })
}
