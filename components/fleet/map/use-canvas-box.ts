'use client';
import { type RefObject, useLayoutEffect, useState } from 'react';
import { type MapPalette, readPalette } from './marks';
import type { Size } from './projection';

// Layout effects throughout: what hydrates when the browser is idle gives the updates of its passive effects idle priority
// too, and a page with live updates never gets to those.

/** Size of an element in CSS pixels with the device pixel ratio, following both; null until it is laid out. */
export function useBox(ref: RefObject<HTMLElement | null>): (Size & { ratio: number }) | null {
  const [box, setBox] = useState<(Size & { ratio: number }) | null>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      const ratio = window.devicePixelRatio || 1;
      setBox((old) =>
        old && old.width === width && old.height === height && old.ratio === ratio ? old : { width, height, ratio },
      );
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [ref]);
  return box;
}

/** The map's colours from the tokens, read again when the scheme changes (system or the page's own switch). */
export function usePalette(ref: RefObject<HTMLElement | null>): MapPalette | null {
  const [palette, setPalette] = useState<MapPalette | null>(null);
  useLayoutEffect(() => {
    const read = () => ref.current && setPalette(readPalette(ref.current));
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(read);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] });
    scheme.addEventListener('change', read);
    read();
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', read);
    };
  }, [ref]);
  return palette;
}
