import type { TaskStore } from '../../src/index.js'

/** What a process needs to know to open a store; JSON-safe, so that it can be told to another one. */
export type StoreConfig =
  | { readonly kind: 'file'; readonly directory: string; readonly fsync?: 'never' }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly connectionString: string; readonly schema: string }
  | { readonly kind: 'redis'; readonly url: string; readonly prefix: string }

export type StoreKind = StoreConfig['kind']

export const STORE_KINDS: readonly StoreKind[] = ['file', 'sqlite', 'postgres', 'redis']

type Factory = (options: object) => TaskStore

/** The store, not yet opened. Its module is loaded only here, as a user of one store loads one. */
export async function makeStore({ kind, ...options }: StoreConfig): Promise<TaskStore> {
  const module = (await import(new URL(`../../src/stores/${kind}.ts`, import.meta.url).href)) as Record<string, Factory>
  // That this Redis keeps nothing on disk is no loss where it is not what is killed.
  return module[`${kind}Store`]!(kind === 'redis' ? { ...options, onWarning: () => undefined } : options)
}
