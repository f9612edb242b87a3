import { handleDocument } from '@/server/services/fleet/handle-document';

export const dynamic = 'force-dynamic';
export const GET = (request: Request) => handleDocument(request, 'xml');
