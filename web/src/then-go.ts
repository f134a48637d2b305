// Going on to what has just been made or changed, by whoever still waits for it.
import type { UseMutationResult } from '@tanstack/react-query';

type Options = { onSettled?: () => void };

/** The mutation, and then `go`: not where its form was closed or left meanwhile, as what `mutate` is given ends with it. */
export function thenGo<Data>(mutation: UseMutationResult<Data, Error, void>, go: (data: Data) => unknown) {
  const mutate = (nothing?: void, options?: Options) => mutation.mutate(nothing, { ...options, onSuccess: go });
  return { ...mutation, mutate };
}
