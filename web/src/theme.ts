// Light, dark, or as the system has it: a preference, kept in the browser's storage, where no secret ever is.

const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'strongroom-theme';

/** The choice, `system` unless there is one. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

/** Keeps a choice, and applies it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  applyTheme();
}

/** Applies the choice: styles/tokens.css goes by the attribute. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = chosenTheme();
}
