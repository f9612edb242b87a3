import { PrismaPg } from '@prisma/adapter-pg';
import { DatabaseEnvironment, parseEnvironment } from './env';
import { type Prisma, PrismaClient } from './generated/prisma/client';

/** The client: needed by whoever opens a transaction. */
export type Db = PrismaClient;
/** A client or a running transaction: what every data function takes. */
export type Tx = Prisma.TransactionClient;

/** Opens a pool of at most `max` connections. Whoever opens it ends it with `$disconnect()`. */
export function openDb(url: string, max = 20): Db {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max, connectionTimeoutMillis: 10_000 }) });
}

// Next evaluates modules once a bundle and again at each reload in development: keep one pool a process.
const held = globalThis as unknown as { meridianDb?: Db };

/** This process's client, opened at first use. @throws Refused CONFIG_INVALID when DATABASE_URL is missing */
export function processDb(): Db {
  held.meridianDb ??= openDb(parseEnvironment(DatabaseEnvironment.pick({ DATABASE_URL: true })).DATABASE_URL);
  return held.meridianDb;
}
