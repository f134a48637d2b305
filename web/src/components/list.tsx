// Lists that come by the page: what has come so far, and a button for more.
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { Failure, Loading } from './feedback.tsx';

type PageOf<Item> = { items: Item[]; next_cursor?: string };

/** A list of the API; `fetchPage` asks for the page at a cursor. */
export function useList<Item>(queryKey: QueryKey, fetchPage: (cursor: string | undefined) => Promise<PageOf<Item>>) {
  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => fetchPage(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor,
  });
}

type ListProps<Item> = {
  list: ReturnType<typeof useList<Item>>;
  /** What is said where there is nothing. */
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
};

export function List<Item>({ list, empty, children }: ListProps<Item>) {
  if (list.isPending) return <Loading />;
  if (list.isError && !list.data) return <Failure error={list.error} retry={list.refetch} />;
  const items = list.data.pages.flatMap((page) => page.items);
  return (
    <>
      {items.length > 0 ? children(items) : empty}
      {list.error && <Failure error={list.error} />}
      {list.hasNextPage && (
        <div>
          <Button isPending={list.isFetchingNextPage} onPress={() => list.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}
