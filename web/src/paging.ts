// Lists that come in pages, where a page of the screen needs all of them.

export type PageOf<T> = { items: T[]; next_cursor?: string };

/** All items. What one person sees of workspaces, members and grants is bounded by what people make. */
export async function allPages<T>(page: (cursor: string | undefined) => Promise<PageOf<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: more, next_cursor } = await page(cursor);
    items.push(...more);
    cursor = next_cursor;
  } while (cursor);
  return items;
}
