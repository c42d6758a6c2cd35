import { connect } from 'node:net'
import type { Answer } from './service.js'

const LIMIT_MS = 2_000

/** Says something to a port, and has what comes back judged until the judge knows. */
export function dialogue(
  { host, port }: { host: string; port: number },
  words: Buffer,
  judge: (received: Buffer) => Answer | undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0)
    const socket = connect({ host, port, timeout: LIMIT_MS })
    const end = (answer: Answer): void => {
      socket.destroy()
      resolve(answer)
    }
    const fail = (why: string): void => {
      end({ ok: false, why: `${host}:${String(port)} ${why}` })
    }
    socket.on('connect', () => socket.write(words))
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      const answer = judge(received)
      if (answer) end(answer)
    })
    socket.on('timeout', () => {
      fail('gives no answer')
    })
    socket.on('error', ({ message }) => {
      fail(`cannot be reached: ${message || 'refused'}`)
    })
    socket.on('close', () => {
      fail('hung up')
    })
  })
}
