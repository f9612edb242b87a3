import { headers } from 'next/headers';
import { processAuth } from '@/server/auth';
import { processDb } from '@/server/db';
import { log } from '@/server/log';
import type { Context } from './context';
import { contextOf } from './request-context';

/** The context of a server component: the page's own request. */
export async function createContext(): Promise<Context> {
  const { context } = await contextOf(processDb(), processAuth(), await headers(), log);
  return context;
}
