'use client';
import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { type Flat, fitView, panBy, type Size, type View, wholeWorld, zoomAt } from './projection';

const STEP = 60;
const CLICK_PIXELS = 5;

/**
 * Where the map looks: drag and arrows pan, wheel, pinch, + and − zoom, 0 shows the whole world. A press that does not
 * move is a click at its place. `handlers` go on the element that `surface` names.
 */
export function useMapView(
  surface: RefObject<HTMLElement | null>,
  size: Size | null,
  onClick: (x: number, y: number, touch: boolean) => void,
) {
  const [view, setView] = useState<View | null>(null);
  const [dragging, setDragging] = useState(false);
  const pointers = useRef(new Map<number, { x: number; y: number }>());
  const moved = useRef(0);
  const touched = useRef(false);
  const last = useRef<Size | null>(null);

  // A first view, and the same middle when the box changes.
  useLayoutEffect(() => {
    if (!size || size.width === 0) return;
    const old = last.current;
    last.current = size;
    setView((now) => {
      if (!now || !old || !touched.current) return wholeWorld(size);
      return panBy(now, size, (size.width - old.width) / 2, (size.height - old.height) / 2);
    });
  }, [size]);

  const change = useCallback(
    (next: (view: View, size: Size) => View) => {
      if (!size) return;
      touched.current = true;
      setView((now) => (now ? next(now, size) : now));
    },
    [size],
  );
  const zoom = useCallback(
    (factor: number, x?: number, y?: number) =>
      change((now, box) => zoomAt(now, box, factor, x ?? box.width / 2, y ?? box.height / 2)),
    [change],
  );
  const reset = useCallback(() => {
    touched.current = false;
    if (size) setView(wholeWorld(size));
  }, [size]);
  const showAll = useCallback((points: readonly Flat[]) => change((_, box) => fitView(points, box)), [change]);

  // React's wheel listener is passive: it could not keep the page from scrolling.
  useEffect(() => {
    const element = surface.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // A pinch on a touchpad comes as a wheel with Ctrl, in smaller steps.
      const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0018));
      zoom(Math.min(2, Math.max(0.5, factor)), event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [surface, zoom]);

  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const handlers = {
    onPointerDown(event: PointerEvent) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      pointers.current.set(event.pointerId, at(event));
      if (pointers.current.size === 1) moved.current = 0;
    },
    onPointerMove(event: PointerEvent) {
      const before = pointers.current.get(event.pointerId);
      if (!before) return;
      const now = at(event);
      const [dx, dy] = [now.x - before.x, now.y - before.y];
      const other = [...pointers.current].find(([id]) => id !== event.pointerId)?.[1];
      pointers.current.set(event.pointerId, now);
      moved.current += Math.hypot(dx, dy);
      if (moved.current < CLICK_PIXELS) return;
      setDragging(true);
      if (!other) return change((view_, box) => panBy(view_, box, dx, dy));
      const factor =
        Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
      change((view_, box) => panBy(zoomAt(view_, box, factor, middle.x, middle.y), box, dx / 2, dy / 2));
    },
    onPointerUp(event: PointerEvent) {
      if (!pointers.current.delete(event.pointerId)) return;
      const place = at(event);
      if (pointers.current.size === 0) {
        setDragging(false);
        if (moved.current < CLICK_PIXELS) onClick(place.x, place.y, event.pointerType !== 'mouse');
      }
    },
    onPointerCancel(event: PointerEvent) {
      pointers.current.delete(event.pointerId);
      if (pointers.current.size === 0) setDragging(false);
    },
    onKeyDown(event: KeyboardEvent) {
      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
      const acts: Record<string, () => void> = {
        ArrowLeft: () => change((now, box) => panBy(now, box, STEP, 0)),
        ArrowRight: () => change((now, box) => panBy(now, box, -STEP, 0)),
        ArrowUp: () => change((now, box) => panBy(now, box, 0, STEP)),
        ArrowDown: () => change((now, box) => panBy(now, box, 0, -STEP)),
        '+': () => zoom(1.6),
        '=': () => zoom(1.6),
        '-': () => zoom(1 / 1.6),
        '0': reset,
      };
      const act = acts[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    },
  };
  return { view, dragging, zoom, reset, showAll, handlers };
}
