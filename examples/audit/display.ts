import type { WriteStream } from 'node:tty'
import { formatStatus, type TaskSupervisor } from 'taskward'
import type { Findings } from './findings.js'
import { formatMs, kindOf } from './format.js'
import { colours, frameOf, noColours, type View } from './frame.js'
import { Screen } from './screen.js'
import { clean } from './text.js'

const FRAME_MS = 100
const LINE_MS = 1_000

export interface Display {
  /** Tells the user something. */
  notify(notice: string): void
  /** Shows no more, and leaves the terminal as it was. */
  stop(): void
}

export interface DisplayParts {
  stream: WriteStream
  supervisor: TaskSupervisor
  findings: Findings
  isSearching: () => boolean
}

/** Draws a few lines in place, ten times a second. */
export function liveDisplay({ stream, supervisor, findings, isSearching }: DisplayParts): Display {
  const screen = new Screen(stream)
  const paint = stream.hasColors() ? colours : noColours
  const startedAt = performance.now()
  let notice: string | null = null

  const draw = () => {
    const view: View = {
      status: supervisor.status({ tasks: 3 }),
      searching: isSearching(),
      files: findings.files,
      bytes: findings.bytes,
      elapsedMs: performance.now() - startedAt,
      now: Date.now(),
      notice,
    }
    // The last column stays free: a terminal that has written there behaves in its own way.
    screen.draw(frameOf(view, (stream.columns || 80) - 1, stream.rows || 24, paint))
  }

  draw()
  const timer = setInterval(draw, FRAME_MS)
  stream.on('resize', draw)
  return {
    notify: (text) => {
      notice = text
      draw()
    },
    stop: () => {
      clearInterval(timer)
      stream.off('resize', draw)
      screen.close()
    },
  }
}

/** Prints a line each second and for each failure. */
export function plainDisplay({ stream, supervisor }: Pick<DisplayParts, 'stream' | 'supervisor'>): Display {
  const startedAt = performance.now()
  const print = (text: string) => void stream.write(`${formatMs(performance.now() - startedAt)}  ${clean(text)}\n`)

  supervisor.on('task:failed', ({ task, error }) => print(`failed ${task.name}: ${kindOf(error)}: ${error.message}`))
  const timer = setInterval(() => print(formatStatus(supervisor.status())), LINE_MS)
  return { notify: print, stop: () => clearInterval(timer) }
}
