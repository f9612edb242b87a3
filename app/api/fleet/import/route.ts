import { handleImport } from '@/server/services/fleet/handle-import';

export const dynamic = 'force-dynamic';
export { handleImport as POST };
