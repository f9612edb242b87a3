// Stands in for the package `server-only` in tests (vitest.config.ts).
export {};
