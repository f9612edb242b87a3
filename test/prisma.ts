import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll } from 'vitest';
import { PrismaClient } from '@/server/generated/prisma/client';
import { type TestDatabase, testDatabase } from './postgres';

/** testDatabase() with a Prisma client on it, disconnected after the file. Call it at the top of the file. */
export async function testPrisma(): Promise<TestDatabase & { db: PrismaClient }> {
  const database = await testDatabase();
  const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 10 }) });
  afterAll(() => db.$disconnect());
  return { ...database, db };
}
