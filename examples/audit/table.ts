import { clean, displayWidth, fit, fitEnd, padEnd, padStart } from './text.js'

const GAP = 2
const INDENT = 2
/** A column of text that had to become narrower than this tells nothing. */
const NARROWEST = 12

/**
 * Lays out rows in columns that together fit into `width`. The widest columns of text give way first; where that is not
 * enough, the last columns are left out, but never the first two. The first column names something: it is cut from its start.
 * Numbers are set to the right. `heading` may be empty.
 */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const body = rows.map((row) => row.map(clean))
  const cells = heading.length > 0 ? [[...heading], ...body] : body
  const isNumber = (at: number) => body.every((row) => /^[\d,.]+( \w+)?$/.test(row[at]!))
  const natural = (body[0] ?? []).map((_, at) => Math.max(...cells.map((row) => displayWidth(row[at]!))))
  const isText = natural.map((_, at) => !isNumber(at))
  const widths = fitColumns(natural, isText, width)
  return cells.map((row) => {
    const laidOut = widths.map((columns, at) => {
      const cell = at === 0 ? fitEnd(row[at]!, columns) : fit(row[at]!, columns)
      return isText[at] ? padEnd(cell, columns) : padStart(cell, columns)
    })
    return (' '.repeat(INDENT) + laidOut.join(' '.repeat(GAP))).trimEnd()
  })
}

function fitColumns(natural: readonly number[], isText: readonly boolean[], width: number): number[] {
  const widths = [...natural]
  let excess = INDENT + GAP * (widths.length - 1) + widths.reduce((sum, columns) => sum + columns, 0) - width
  while (excess > 0) {
    const widest = Math.max(...widths.filter((_, at) => isText[at]))
    if (widest <= NARROWEST && widths.length > 2) return fitColumns(natural.slice(0, -1), isText, width)
    if (widest <= 1) break
    widths[widths.findIndex((columns, at) => isText[at] && columns === widest)]! -= 1
    excess -= 1
  }
  return widths
}
