'use client';
import { useQuery } from '@tanstack/react-query';
import type { LinkDetail } from '@/protocol/api/trust';
import { type WebLink, webVerifyChain } from '@/protocol/statement/web-chain';
import { hasEd25519 } from '@/protocol/statement/web-verify';

/** What this browser found of a link's chain; null where it cannot say: no Ed25519 here, or no key of the node. */
export type Verified = { unable: 'no-ed25519' | 'no-key' } | { links: WebLink[]; holds: boolean };

/** Verifies a link's chain in this browser, by its own clock. */
export function useVerified(detail: LinkDetail) {
  const { node, chain, revokedKeys } = detail;
  return useQuery({
    queryKey: [
      'verified here',
      node.urn,
      node.publicKey,
      node.incarnation,
      revokedKeys,
      chain.map((link) => link.text),
    ],
    queryFn: async (): Promise<Verified> => {
      if (!(await hasEd25519())) return { unable: 'no-ed25519' };
      if (!node.publicKey) return { unable: 'no-key' };
      const links = await webVerifyChain(
        chain.map((link) => link.text),
        {
          nodeUrn: node.urn,
          nodeJwk: { kty: 'OKP', crv: 'Ed25519', x: node.publicKey },
          incarnation: node.incarnation,
          now: Date.now(),
          revokedKeys: new Set(revokedKeys),
        },
      );
      return { links, holds: links.length > 0 && links.every((link) => link.rules === 'hold') };
    },
    refetchInterval: 60_000,
    retry: false,
  });
}
