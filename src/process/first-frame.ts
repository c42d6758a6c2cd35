import { normalizeError } from '../core/normalize-error.js'

const MAX_LENGTH = 300
const LOCATION = /:\d+:\d+$/

/** Where taskward itself is, as stacks have it; found when it is first asked for. */
let own: string | undefined

/**
 * The first frame of an error's stack that is neither Node's nor taskward's, as `load (file:///app/load.js:3:9)`, or
 * undefined. In a bundle, where that cannot be told from the place, taskward's own frame may be given.
 */
export function firstFrame(error: unknown): string | undefined {
  const frames = framesOf(error).filter((frame) => LOCATION.test(placeOf(frame)) && !placeOf(frame).startsWith('node:'))
  own ??= homeOf(framesOf(new Error('here'))[0] ?? '')
  const home = own
  const theirs = home === '' ? frames : frames.filter((frame) => !placeOf(frame).startsWith(home))
  return (theirs[0] ?? frames[0])?.slice(0, MAX_LENGTH)
}

/** Read as errors are stored, which runs none of their own code. */
function framesOf(error: unknown): string[] {
  const stack = normalizeError(error).details?.['stack']
  if (typeof stack !== 'string') return []
  return stack.split('\n').flatMap((line) => /^ {4}at (?:async )?(.+)$/.exec(line)?.[1] ?? [])
}

/** File, line and column of a frame, with or without the name of a function. */
const placeOf = (frame: string): string => / \((.+)\)$/.exec(frame)?.[1] ?? frame

/** The directory of this file, or the one above it where each of taskward's folders is one. */
const homeOf = (frame: string): string => /^(.*\/)[^/]*$/.exec(placeOf(frame))?.[1]?.replace(/\/process\/$/, '/') ?? ''
