import { DEFAULT_LIMIT, encodeCursor, type Page } from '../../core/query.js'
import { textOfColumn } from '../../core/store-text.js'
import { ListStatement, type ListedRows, type Place } from './list-statement.js'
import type { Use } from './steps.js'

export interface Listing<Row, Item> extends ListedRows {
  readonly itemOf: (row: Row) => Item
  /** Decides on what SQL has only nearly decided. */
  readonly matches: (item: Item) => boolean
}

/** How many steps one page may take: then it comes as it is, with a cursor to go on from. */
const MAX_STEPS = 100

/**
 * One page, read in steps: SQLite holds up the thread while it looks, so a filter that no index answers must not make it look
 * at everything at once.
 */
export async function scan<Row extends { id: string }, Item>(
  use: Use,
  listing: Listing<Row, Item>,
): Promise<Page<Item>> {
  const { limit = DEFAULT_LIMIT } = listing.page
  const statement = new ListStatement<Row>(listing)
  const found: { item: Item; place: Place }[] = []
  let place = statement.start
  for (let step = 0; step < MAX_STEPS; step++) {
    const { rows, stoppedAt } = await use((connection) => statement.read(connection, place, limit + 1 - found.length))
    for (const row of rows) {
      const item = listing.itemOf(row)
      if (listing.matches(item)) found.push({ item, place: statement.placeOf(row) })
    }
    if (found.length > limit) return pageOf(found.slice(0, limit), found[limit - 1]!.place)
    if (!stoppedAt) return pageOf(found, null)
    place = stoppedAt
  }
  return pageOf(found, place)
}

const pageOf = <Item>(found: readonly { item: Item }[], next: Place | null): Page<Item> => ({
  items: found.map(({ item }) => item),
  nextCursor: next && encodeCursor({ at: next.at, id: textOfColumn(next.id) }),
})
