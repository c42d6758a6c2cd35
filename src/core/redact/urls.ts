import { exec, indexOf, slice } from '../normalize/intrinsics.js'
import { replace } from '../normalize/replace.js'
import { REDACTED } from './scan.js'

/**
 * `user:password@` behind `://`. A password may hold `/`, `?` and `#` unescaped; what looks like a port does not begin
 * one. Every part is bounded, so the time is linear in the text.
 */
const USER_INFO =
  /:\/\/([^\s"'`<>@:/?#]{0,1024})(:(?!\d{1,5}[/?#])(?:[^\s"'`<>/?#]{0,1024}(?=@)|[^\s"'`<>@]{0,1024}(?:@[^\s"'`<>@/?#]{0,512}(?=@)){0,512}))?@/y

/** So far behind `://` the first `@` may stand. */
const REACH = 2100

/** `user:password@host` without a scheme, as drivers and proxies write it. */
const BARE_USER_INFO =
  /(?<![\w.%+:/-])(?!(?:acct|bcc|cc|email|from|git|mail|mailto|npm|sip|to|xmpp):)([\w.%+-]{1,64}):([^\s"'`<>@/,:]{3,128})@(?=(?:tcp|unix)\(|localhost\b|(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b|\d+\.\d+\.\d+\.\d+|(?!sha\d)[\w.-]{1,255}:\d)/gi

/** A user name of its own is no secret, but a long one with a digit is a token. */
const TOKEN_LIKE = /^(?=.*\d).{8,}$/

/** Redacts the credentials of URLs, and of addresses such as `user:password@host`. */
export const redactUrls = (text: string): string => {
  if (indexOf(text, '@') < 0) return text
  return redactBare(indexOf(text, '://') < 0 ? text : redactWithScheme(text))
}

const redactWithScheme = (text: string): string => {
  let result = ''
  let from = 0
  let at = 0
  for (let start = indexOf(text, '://'); start >= 0; start = indexOf(text, '://', start + 3)) {
    if (at < start) at = indexOf(text, '@', start)
    if (at < 0) break
    USER_INFO.lastIndex = start
    const match = at - start > REACH ? null : exec(USER_INFO, text)
    if (match === null) continue
    const user = match[1]!
    const kept =
      match[2] === undefined ? keptUser(user) : match[2] === ':' ? `${keptUser(user)}:` : `${user}:${REDACTED}`
    result += `${slice(text, from, start)}://${kept}@`
    from = start + match[0].length
    start = from - 3
  }
  return from === 0 ? text : result + slice(text, from)
}

const keptUser = (user: string): string => (exec(TOKEN_LIKE, user) === null ? user : REDACTED)

const redactBare = (text: string): string => replace(text, BARE_USER_INFO, (match) => `${match[1]!}:${REDACTED}@`)
