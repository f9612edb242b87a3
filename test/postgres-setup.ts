import type { TestProject } from 'vitest/node';
import { startTestPostgres } from './postgres-server';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection URL of the test server's `postgres` database. */
    postgresAdminUrl: string;
  }
}

/** vitest's globalSetup: one Postgres for all files of a project, stopped and removed after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres();
  project.provide('postgresAdminUrl', server.url('postgres'));
  return server.stop;
}
