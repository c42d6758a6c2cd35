import { slice } from './intrinsics.js'

/**
 * A copy that shares nothing with a larger string: a slice of a 50 MB string keeps all of it alive. Joining makes a
 * rope, and slicing a rope first writes it out anew.
 */
export const ownCopy = (text: string): string => (text.length < 13 ? text : slice(' ' + text, 1))
