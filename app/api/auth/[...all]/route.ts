import { handleAuth } from '@/server/handle-auth';

export const dynamic = 'force-dynamic';
export { handleAuth as GET, handleAuth as POST };
