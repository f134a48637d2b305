// Lists that come by the page: what has come so far, and a button for more. The last of them goes, and the focus on to what
// it brought.
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useLayoutEffect, useRef } from 'react';
import type { PageOf } from '../paging.ts';
import { Button } from './button.tsx';
import { Failure, Loading } from './feedback.tsx';
import { goTo } from './kept-focus.ts';

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
  /** What one of them is called, and several. */
  nouns: readonly [one: string, several: string];
  /** What is read out where there is nothing. */
  none?: string;
  /** What is shown where there is nothing. */
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
};

/** What comes, and comes after a search, is read out: the place for it is there before. */
export function List<Item>({ nouns, none = `No ${nouns[1]}.`, ...rest }: ListProps<Item>) {
  const { data, hasNextPage } = rest.list;
  const count = data?.pages.reduce((sum, page) => sum + page.items.length, 0);
  return (
    <>
      <p role="status" className="visually-hidden">
        {count === 0 ? none : count && `${count} ${nouns[count === 1 ? 0 : 1]}${hasNextPage ? ', and more' : ''}`}
      </p>
      <Items {...rest} />
    </>
  );
}

function Items<Item>({ list, empty, children }: Omit<ListProps<Item>, 'nouns' | 'none'>) {
  if (list.isPending) return <Loading />;
  if (list.isError && !list.data) return <Failure error={list.error} retry={list.refetch} />;
  const items = list.data.pages.flatMap((page) => page.items);
  return (
    <>
      {items.length > 0 ? children(items) : empty}
      {list.error && <Failure error={list.error} />}
      <More list={list} count={items.length} />
    </>
  );
}

/** It is behind what it adds to. */
function More<Item>({ list, count }: { list: ListProps<Item>['list']; count: number }) {
  const end = useRef<HTMLDivElement>(null);
  /** How many there were when more were asked for. */
  const asked = useRef<number>(undefined);
  useLayoutEffect(() => {
    if (asked.current === undefined || asked.current >= count) return;
    const items = end.current?.previousElementSibling?.querySelectorAll<HTMLElement>(':scope > li, :scope > tbody > tr');
    if (document.activeElement === document.body) goTo(items?.[asked.current]);
    asked.current = undefined;
  }, [count]);
  const askForMore = () => {
    asked.current = count;
    return list.fetchNextPage();
  };
  return (
    <div ref={end} hidden={!list.hasNextPage}>
      {list.hasNextPage && (
        <Button isPending={list.isFetchingNextPage} onPress={askForMore}>
          Show more
        </Button>
      )}
    </div>
  );
}
