import { describe, expect, it } from 'vitest'
import { decodeLine, encodeLine, type Line } from '../../../src/stores/file/line.js'
import { LineBuffer } from '../../../src/stores/file/line-buffer.js'

const lineOf = (text: string): Line => ({ pruned: [text] })
const written = (lines: LineBuffer): unknown[] =>
  lines
    .bytes()
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => decodeLine(Buffer.from(line)))

describe('a buffer of lines', () => {
  it('has each line as it is written alone, whatever characters and however long', () => {
    const texts = ['', 'ü𝄞', '\ud800\n\0"', 'x'.repeat(100_000), '€'.repeat(1 << 20), 'last']
    const lines = new LineBuffer()
    const sizes = texts.map((text) => lines.add(lineOf(text)))
    expect(lines.bytes().equals(Buffer.concat(texts.map((text) => encodeLine(lineOf(text)))))).toBe(true)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(lines.length)
    expect(written(lines)).toEqual(texts.map(lineOf))
  })

  it('has nothing of before once it is cleared', () => {
    const lines = new LineBuffer()
    for (const text of ['a'.repeat(3 << 20), 'much longer than what comes after', 'short']) {
      lines.clear()
      lines.add(lineOf(text))
      expect(written(lines)).toEqual([lineOf(text)])
    }
  })

  it('has as much as before where a line cannot be written', () => {
    const lines = new LineBuffer()
    lines.add(lineOf('a'))
    expect(() => lines.add({ pruned: [1n as unknown as string] })).toThrow('BigInt')
    lines.add(lineOf('b'))
    expect(written(lines)).toEqual([lineOf('a'), lineOf('b')])
  })
})
