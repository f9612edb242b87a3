import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';

export type Screen = {
  terminal: Terminal;
  /** Lets go of all that it holds. */
  dispose: () => void;
};

/**
 * A terminal's screen in `host`, as large as it is and in the page's colours, also when either changes. Loaded when the first terminal is
 * opened: other pages do without its weight.
 */
export function makeScreen(host: HTMLElement, leave: () => void): Screen {
  const terminal = new Terminal({
    cursorBlink: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    fontFamily: getComputedStyle(host).fontFamily,
    fontSize: 13,
    // Programs choose colours for a dark screen; on a light one they must be readable too.
    minimumContrastRatio: 4.5,
    screenReaderMode: true,
    scrollback: 5_000,
    theme: themeOf(host),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(host);
  terminal.textarea?.setAttribute('aria-label', 'Terminal. Shift and Escape leave it.');
  fit.fit();
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown') return true;
    if (event.key === 'Escape' && event.shiftKey) {
      leave();
      return false;
    }
    if (!(event.ctrlKey && event.shiftKey)) return true;
    if (event.code === 'KeyC') {
      event.preventDefault(); // browsers open their tools
      void copySelection(terminal);
      return false;
    }
    return event.code !== 'KeyV'; // the browser pastes
  });
  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(host);
  const recolour = () => {
    terminal.options.theme = themeOf(host);
  };
  const themed = new MutationObserver(recolour);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const scheme = window.matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', recolour);
  return {
    terminal,
    dispose: () => {
      resized.disconnect();
      themed.disconnect();
      scheme.removeEventListener('change', recolour);
      terminal.dispose();
    },
  };
}

/** Copies what is marked; false when nothing is. */
export async function copySelection(terminal: Terminal): Promise<boolean> {
  const text = terminal.getSelection();
  if (text) await navigator.clipboard.writeText(text);
  return text !== '';
}

/** The page's own paper and ink, resolved. */
function themeOf(host: HTMLElement) {
  const { backgroundColor, color } = getComputedStyle(host);
  const mark = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
  return {
    background: backgroundColor,
    foreground: color,
    cursor: color,
    cursorAccent: backgroundColor,
    selectionBackground: mark || color,
  };
}
