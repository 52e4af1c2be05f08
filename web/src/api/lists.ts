// Lists by cursor: pages are fetched as somebody scrolls, and what was looked at is said.
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useCallback } from "react";

export interface Page<Row> {
  rows: readonly Row[];
  next: string | null;
  /** false: the page looked at so much and stopped; `next` goes on. */
  complete: boolean;
}

export const pageRows = 100;
const freshEveryMs = 10_000;

export interface List<Row, Got extends Page<Row>> {
  rows: readonly Row[];
  /** The first page's answer, which has what is said of the whole list. */
  first: Got | undefined;
  waiting: boolean;
  stale: boolean;
  error: unknown;
  complete: boolean;
  hasMore: boolean;
  fetchingMore: boolean;
  more(): void;
  again(): void;
}

export function useList<Row, Got extends Page<Row>>(key: readonly unknown[], fetch: (cursor: string | undefined) => Promise<Got>): List<Row, Got> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => fetch(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    // A list of one page is kept fresh; a longer one is somebody's reading, whose place must not move.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : freshEveryMs),
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = query;
  const pages = data?.pages ?? [];
  const last = pages.at(-1);
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  return {
    rows: pages.flatMap((page) => [...page.rows]),
    first: pages[0],
    waiting: query.isPending,
    stale: query.isPlaceholderData,
    error: query.error,
    complete: last?.complete ?? true,
    hasMore: hasNextPage,
    fetchingMore: isFetchingNextPage,
    more,
    again: () => void refetch(),
  };
}
