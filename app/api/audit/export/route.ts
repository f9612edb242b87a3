import { handleExport } from '@/server/services/audit/handle-export';

export const dynamic = 'force-dynamic';
export { handleExport as GET };
