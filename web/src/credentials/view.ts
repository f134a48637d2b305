// Cards or a table: a preference, kept in the browser as the theme is.

const VIEWS = ['cards', 'table'] as const;
export type View = (typeof VIEWS)[number];

const KEY = 'strongroom-credentials-view';

/** The choice, `cards` unless there is one. */
export function chosenView(): View {
  const kept = localStorage.getItem(KEY);
  return VIEWS.find((view) => view === kept) ?? 'cards';
}

export function chooseView(view: View): void {
  localStorage.setItem(KEY, view);
}
