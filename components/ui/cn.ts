import { type ClassValue, clsx } from 'clsx';
import { extendTailwindMerge } from 'tailwind-merge';

const merge = extendTailwindMerge({
  extend: { classGroups: { 'font-size': [{ text: ['table', 'body', 'title', 'display'] }] } },
});

/** Joins class names; a later Tailwind class wins over an earlier one of its kind. Knows our own text sizes. */
export function cn(...classes: ClassValue[]): string {
  return merge(clsx(classes));
}
