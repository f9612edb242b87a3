import { defaultShouldDehydrateQuery, MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import superjson from 'superjson';
import { refusalOf } from '../refusal/refusal-of';
import { setSignedOut } from '../refusal/signed-out';

/** Whatever meets the end of the session first tells the whole page. Only in the browser: a server has many sessions. */
const onError = (error: unknown) => {
  if (typeof window !== 'undefined' && refusalOf(error)?.code === 'NOT_SIGNED_IN') setSignedOut(true);
};

/** One a request on the server, one for the page's life in the browser. An expected no is not asked again. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => refusalOf(error) === null && failures < 2,
      },
      dehydrate: {
        serializeData: superjson.serialize,
        shouldDehydrateQuery: (q) => defaultShouldDehydrateQuery(q) || q.state.status === 'pending',
      },
      hydrate: { deserializeData: superjson.deserialize },
    },
  });
}
