import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cuttable, type Cuttable } from './support/services/index.js'

let heard: string[]
let proxy: Cuttable
let end: () => Promise<unknown>

// A server that says back what it hears.
beforeEach(async () => {
  heard = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      heard.push(bytes.toString())
      socket.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy = await cuttable((server.address() as AddressInfo).port)
  end = async () => {
    await proxy.close()
    await new Promise((resolve) => server.close(resolve))
  }
})

afterEach(() => end())

const joined = (): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(proxy.port, '127.0.0.1', () => {
      resolve(socket)
    }).once('error', reject)
  })

const ended = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket
      .on('error', () => undefined)
      .once('close', () => {
        resolve('ended')
      })
  })

/** The next thing that is said, or that the connection has ended. */
const next = (socket: Socket): Promise<string> =>
  Promise.race([
    new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString()))),
    ended(socket),
  ])

describe('a connection through the proxy', () => {
  it('goes both ways, and ends with its client', async () => {
    const socket = await joined()
    socket.write('one')
    expect(await next(socket)).toBe('one')
    expect(proxy.connections).toBe(1)
    socket.end()
    await expect.poll(() => proxy.connections).toBe(0)
  })

  it('ends when it is cut, as every new one does until it is restored', async () => {
    const socket = await joined()
    const cut = ended(socket)
    proxy.cut()
    expect(await cut).toBe('ended')
    expect(await ended(connect(proxy.port, '127.0.0.1'))).toBe('ended')
    proxy.restore()
    const third = await joined()
    third.write('three')
    expect(await next(third)).toBe('three')
    third.destroy()
  })

  it('is silent while it is stalled, and goes on where it was', async () => {
    const socket = await joined()
    socket.write('one')
    await next(socket)
    proxy.stall()
    socket.write('two')
    const late = await joined()
    late.write('three')
    // That nothing comes can only be seen by waiting for it.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(heard).toEqual(['one'])
    const answers = Promise.all([next(socket), next(late)])
    proxy.restore()
    expect(await answers).toEqual(['two', 'three'])
    socket.destroy()
    late.destroy()
  })

  it('ends without the next answer, though the server has heard what was said', async () => {
    const socket = await joined()
    proxy.loseAnswer()
    socket.write('done?')
    expect(await next(socket)).toBe('ended')
    expect(heard).toEqual(['done?'])
    const again = await joined()
    again.write('again')
    expect(await next(again)).toBe('again')
    again.destroy()
  })
})
