import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a server that can be cut, as networks are. */
export interface Cuttable {
  /** Where to connect instead of to the server. */
  readonly port: number
  /** How many connections there are now. */
  readonly connections: number
  /** Cuts all connections, and every new one as soon as it is made. */
  cut(): void
  /** Lets nothing through any more, in either direction, while connections stay: as when a cable is pulled. */
  stall(): void
  /** The next thing the server says is lost, and with it the connection: what was asked has been done. */
  loseAnswer(): void
  /** Lets everything through again; what was stalled goes on. */
  restore(): void
  /** Cuts everything for good. */
  close(): Promise<void>
}

/** A proxy on a free port of this machine for a server on another one. */
export async function cuttable(target: number): Promise<Cuttable> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>()
  let state: 'open' | 'cut' | 'stalled' | 'losing' = 'open'

  const cutAll = (): void => {
    for (const [client, server] of pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
    pairs.clear()
  }
  const join = (client: Socket): void => {
    if (state === 'cut') {
      client.resetAndDestroy()
      return
    }
    const server = connect(target, '127.0.0.1')
    const pair = [client, server] as const
    pairs.add(pair)
    const part = (): void => {
      pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of pair) socket.setNoDelay(true).on('error', part).on('close', part)
    client.on('data', (bytes) => server.write(bytes)).on('end', () => server.end())
    server.on('data', (bytes) => {
      if (state === 'losing') {
        state = 'open'
        client.resetAndDestroy()
        part()
      } else client.write(bytes)
    })
    server.on('end', () => client.end())
    if (state === 'stalled') halt()
  }
  const halt = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.pause()
  }

  const listener = createServer({ allowHalfOpen: true }, join)
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size
    },
    cut() {
      state = 'cut'
      cutAll()
    },
    stall() {
      state = 'stalled'
      halt()
    },
    loseAnswer() {
      state = 'losing'
    },
    restore() {
      state = 'open'
      for (const pair of pairs) for (const socket of pair) socket.resume()
    },
    close() {
      state = 'cut'
      cutAll()
      return new Promise((resolve) => {
        listener.close(() => {
          resolve()
        })
      })
    },
  }
}
