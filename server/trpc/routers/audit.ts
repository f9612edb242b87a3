import { AuditCheck, AuditListInput, AuditPage } from '@/protocol/api/audit';
import { checkTrail } from '@/server/services/audit/check-trail';
import { listTrail } from '@/server/services/audit/list-trail';
import { permitted, router } from '../init';

export const auditRouter = router({
  list: permitted('audit.read')
    .input(AuditListInput)
    .output(AuditPage)
    .query(({ ctx, input }) => listTrail(ctx.db, ctx.person, input)),
  check: permitted('audit.check')
    .output(AuditCheck)
    .mutation(({ ctx }) => checkTrail(ctx.db)),
});
