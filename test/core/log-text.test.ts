import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logText, logTextOfError } from '../../src/core/log-text.js'

describe('logText', () => {
  it.each([
    ['a\nb\r\nc\td', 'a\\nb\\r\\nc\\td'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\0\u0007\u009b', '\\x00\\x07\\x9b'],
    ['a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['user\u202egnp.exe', 'user\\u202egnp.exe'],
    ['a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['\ud83d', '\\ud83d'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('escapes %j', (text, escaped) => {
    expect(logText(text)).toBe(escaped)
  })

  it.each(['plain text', 'C:\\temp\\x', 'Grüße, Привет, 你好, שלום', 'می‌خواهم', '👩‍👧 😀', '[31m'])(
    'leaves %s as it is',
    (text) => {
      expect(logText(text)).toBe(text)
    },
  )

  it('gives one line that is printed as it reads, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(logText(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u)
        expect(logText(logText(text))).toBe(logText(text))
      }),
    )
  }, 60_000)

  it('cuts a long text between characters', () => {
    expect(logText('😀'.repeat(10), 5)).toBe('😀😀…')
  })
})

describe('logTextOfError', () => {
  it('names the error and its code before the message', () => {
    expect(logTextOfError({ message: 'card\ndeclined', code: 'E_DECLINED', details: { name: 'PaymentError' } })).toBe(
      'PaymentError [E_DECLINED]: card\\ndeclined',
    )
    expect(logTextOfError({ message: 'boom', code: null, details: null })).toBe('Error: boom')
  })
})
