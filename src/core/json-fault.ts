const SPACE = /[ \t\n\r]*/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const TEXT = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*/y

/** What may come next: a value, also the end of its list; a key, also the end of its object; and what follows these. */
type Next = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end'

/**
 * Where a text stops being JSON: its first character that could not stand there, or its length where it ends too early.
 * `JSON.parse` does not always say. For a text that is no JSON; its cost grows with its length alone.
 */
export function jsonFaultAt(text: string): number {
  const open: ('{' | '[')[] = []
  let next: Next = 'value'
  let at = 0
  const takes = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return false
    at = pattern.lastIndex
    return true
  }
  const takesText = (): boolean => {
    if (!takes(TEXT) || text[at] !== '"') return false
    at++
    return true
  }
  for (;;) {
    takes(SPACE)
    const char = text[at]
    if (next === 'value' || next === 'value or ]') {
      if (char === '{' || char === '[') {
        open.push(char)
        next = char === '{' ? 'key or }' : 'value or ]'
        at++
      } else if (char === ']' && next === 'value or ]') {
        open.pop()
        next = ', or end'
        at++
      } else {
        if (!takes(SCALAR) && !takesText()) return at
        next = ', or end'
      }
    } else if (next === 'key' || next === 'key or }') {
      if (char === '}' && next === 'key or }') {
        open.pop()
        next = ', or end'
        at++
      } else {
        if (!takesText()) return at
        next = ':'
      }
    } else if (next === ':') {
      if (char !== ':') return at
      next = 'value'
      at++
    } else {
      const inside = open.at(-1)
      if (char === ',' && inside) next = inside === '{' ? 'key' : 'value'
      else if (char !== undefined && inside && char === (inside === '{' ? '}' : ']')) open.pop()
      else return at
      at++
    }
  }
}
