import { router } from '../init';

/** Who trusts whom for what, until when. */
export const trustRouter = router({});
