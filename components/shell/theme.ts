/** How the page looks; `system` follows the machine. Kept in a cookie, so that the server writes it and nothing flashes. */
export type Theme = 'system' | 'light' | 'dark';
export const THEME_COOKIE = 'meridian-theme';

export function toTheme(text: string | undefined): Theme {
  return text === 'light' || text === 'dark' ? text : 'system';
}

/** In the browser: shows the theme now and keeps it for a year. */
export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=31536000; samesite=lax`;
}
