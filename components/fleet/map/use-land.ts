'use client';
import { useEffect, useLayoutEffect, useState } from 'react';
import { graticule, type Land, loadLand } from './land';

const FINE_FROM = 4;

/** Land for a magnification: coarse first, fine once zoomed in. The map stands without it; what failed is tried again at the next zoom. */
export function useLand(magnification: number): { land: Land | null; lines: ReturnType<typeof graticule> | null } {
  const [land, setLand] = useState<Land | null>(null);
  const [lines, setLines] = useState<ReturnType<typeof graticule> | null>(null);
  const fine = magnification >= FINE_FROM;
  useLayoutEffect(() => setLines(graticule()), []);
  useEffect(() => {
    let gone = false;
    loadLand(fine ? 'fine' : 'coarse').then(
      (loaded) => !gone && setLand(loaded),
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [fine]);
  return { land, lines };
}
