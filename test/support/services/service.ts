/** A server that tests may use but not stop, or why there is none. */
export type Service = { readonly url: string } | { readonly url: null; readonly why: string }

/** What there is to say of a server that answers, or else of why none does. */
export type Answer = { readonly ok: true } | { readonly ok: false; readonly why: string }

/** A connection string fit for a message: without the password. */
export function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    if (parsed.password !== '') parsed.password = '***'
    return parsed.href
  } catch {
    return 'a URL that cannot be read'
  }
}
