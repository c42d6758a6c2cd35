import { exec, indexOf, lastIndexOf, slice, startsWith } from '../normalize/intrinsics.js'

/** How many frames of the user's own code count. More would tell callers of one faulty function apart. */
const TOP = 3
const READ = 64

/** One line of a stack: the function, if it has a name, and the file. */
const FRAME =
  /^ {4}at (?:async\s)?(?:new )?(?:([^\s(]{1,256})(?: \[as [^\]]{1,128}\])? \()?([^()\n]{1,1024}?)(?::\d+){1,2}\)?$/

/** Where taskward's own files are: a package's folder, and the folder this file is in. */
const PACKAGE = 'node_modules/taskward/'
const FOLDER = /^file:\/\/(.*\/)(?:core\/fingerprint\/)?[^/]*$/

// A bundler may leave no URL. Where it puts everything into one folder, all frames look like taskward's own, and the
// first one has to do.
const url: unknown = import.meta.url
const ownFolder = typeof url === 'string' ? exec(FOLDER, url)?.[1] : undefined

/**
 * The top frames of the user's own code as text. Node's own frames and those of packages are passed over. Below the
 * first frame of taskward lies only who happened to start the task: that differs between the first attempt, which may
 * start within `spawn`, and a retry.
 */
export const framesOf = (stack: string): string => {
  let frames = ''
  let first = ''
  let last = ''
  let taken = 0
  let from = indexOf(stack, '\n    at ')
  for (let count = 0; from >= 0 && count < READ && taken < TOP; count++) {
    const end = indexOf(stack, '\n', from + 1)
    const match = exec(FRAME, slice(stack, from + 1, end < 0 ? stack.length : end))
    from = end
    if (match === null) continue
    const path = match[2]!
    if (startsWith(path, 'node:')) continue
    const frame = `${match[1] ?? ''} ${tailOf(path)}\n`
    if (first === '') first = frame
    if (isOwn(path)) break
    if (isPackage(path) || frame === last) continue
    frames += frame
    last = frame
    taken++
  }
  return frames === '' ? first : frames
}

const isOwn = (path: string): boolean =>
  indexOf(path, PACKAGE) >= 0 || (ownFolder !== undefined && indexOf(path, ownFolder) >= 0)

const isPackage = (path: string): boolean => indexOf(path, 'node_modules/') >= 0 || indexOf(path, 'node_modules\\') >= 0

/** The last two parts of a path: what lies before differs between machines. */
const tailOf = (path: string): string => {
  const query = indexOf(path, '?')
  const whole = query < 0 ? path : slice(path, 0, query)
  const name = separatorBefore(whole, whole.length)
  return slice(whole, separatorBefore(whole, name) + 1)
}

const separatorBefore = (path: string, end: number): number => {
  const slash = lastIndexOf(path, '/', end - 1)
  const backslash = lastIndexOf(path, '\\', end - 1)
  return slash > backslash ? slash : backslash
}
