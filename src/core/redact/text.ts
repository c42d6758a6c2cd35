import { exec } from '../normalize/intrinsics.js'
import { redactPairs, type IsSecretKey } from './pairs.js'
import { redactTokens } from './tokens.js'
import { redactUrls } from './urls.js'

/**
 * What no secret in text is without: a part of a sensitive name, a scheme, the first letters of a known token, or an
 * `@`. Most texts have none of it, and one pass with this pattern is then all they cost. Every name in `keys.ts` and
 * every token in `tokens.ts` has to be found by it; a test holds them to that.
 */
const SUSPECT =
  /[pP](?:[aA](?:[sS][sS]|[rR][aA][mM])|[wW]|[hH][rR])|[sS](?:[eE](?:[cC][rR]|[sS][sS]|[eE][dD])|[iI][gGdD]|[sS][nN])|[tT][oO][kK]|[kK][eE][yY]|[aA][uU][tT][hH]|[cC](?:[oO][oO]|[rR][eE]|[vV]|[aA][rR][dD]|[sS][rR])|[oO][tT][pP]|[jJ][wW]|[xX][sS][rR]|[mM](?:[nN][eE]|[sS][rR])|[bB](?:[eE][aA]|[aA][sS][iI]|[iI][nN][dD])|[vV][aA][lL][uU][eE][sS]|[dD][iI][gG]|[nN][eE][gG]|eyJ|A[KSI][IAz]|gh[pousr]_|glpat|xox|sk-|_live_|_test_|npm_|hf_|ya29|whsec|SG\.|-----|\/bot\d|ks\.slack|@/

/** Whether a text has to be searched for secrets. */
export const isSuspect = (text: string): boolean => exec(SUSPECT, text) !== null

/** Gives `text` with every secret in it replaced by `[redacted]`, in time linear in the text. */
export const redactSecrets = (text: string, isSecretKey: IsSecretKey): string =>
  redactTokens(redactUrls(redactPairs(text, isSecretKey)))
