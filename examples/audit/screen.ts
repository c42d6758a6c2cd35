import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'
import { displayWidth } from './text.js'

const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
// A line that turns out wider than it was thought must not become two: the next frame would be drawn a row too low.
const WRAP_OFF = '\u001b[?7l'
const WRAP_ON = '\u001b[?7h'
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

/** A few lines at the bottom of a terminal, drawn again and again in place, each time in one write. */
export class Screen {
  readonly #terminal: WriteStream
  #drawn: string[] = []
  readonly #restore = () => void this.#terminal.write(WRAP_ON + SHOW_CURSOR)

  constructor(terminal: WriteStream) {
    this.#terminal = terminal
    terminal.write(HIDE_CURSOR)
    // Also reached by process.exit and by an error that nobody caught.
    process.once('exit', this.#restore)
  }

  /** Draws the lines over those drawn before. They must be clean and fit the terminal. */
  draw(lines: string[]): void {
    // A terminal that cannot keep up gets the next frame instead.
    if (this.#terminal.writableNeedDrain) return
    const text = lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')
    this.#terminal.write(`${WRAP_OFF}${this.#toTop()}${text}${CLEAR_BELOW}${WRAP_ON}`)
    this.#drawn = lines
  }

  /** Removes the lines, and gives the terminal back as it was. */
  close(): void {
    this.#terminal.write(this.#toTop() + CLEAR_BELOW)
    this.#drawn = []
    this.#restore()
    process.off('exit', this.#restore)
  }

  /** Goes up to the first line drawn. Where the terminal has become narrower, it has broken each line into several rows. */
  #toTop(): string {
    const rowsOf = (line: string) => Math.ceil(displayWidth(stripVTControlCharacters(line)) / this.#terminal.columns)
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, rowsOf(line)), 0)
    return rows > 0 ? `\r\u001b[${rows}A` : '\r'
  }
}
