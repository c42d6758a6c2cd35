import { slice } from '../normalize/intrinsics.js'
import { replace } from '../normalize/replace.js'

/** So much of a message tells faults apart; the rest is mostly data. */
const READ = 2048

/**
 * What differs from one occurrence of a fault to the next, tried in this order at each place: a property's name that
 * stays as it is, quoted values, URLs, mail addresses, paths, words with a digit, long hexadecimal words.
 */
const VARIABLE =
  /(\((?:reading|setting) '[\w$]{1,64}'\))|"[^"\n]{0,512}"|`[^`\n]{0,512}`|(?<!\w)'[^'\n]{0,512}'(?!\w)|“[^”\n]{0,512}”|\b[a-z][a-z\d+.-]{1,15}:\/\/[^\s"'<>)\]]{1,2048}|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}|(?<![\w/\\])(?:[A-Za-z]:|~|\.{1,2})?(?:[/\\][\w.@~+%-]{1,255}){2,64}|(?<![\w-])[\w-]{0,256}\d[\w.:+-]{0,256}|(?<!\w)[a-f]{8,64}(?!\w)/g

const SPACE = /\s+/g

/** A message without what differs from one occurrence to the next. */
export const foldMessage = (message: string): string => {
  const read = message.length > READ ? slice(message, 0, READ) : message
  return replace(
    replace(read, VARIABLE, (match) => match[1] ?? '#'),
    SPACE,
    () => ' ',
  )
}
