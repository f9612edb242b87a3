import type { DelegationClaims } from '@/protocol/statement/schemas';
import { Fact, Facts } from '../ui/page';
import { Time } from '../ui/time';
import { allAmounts, degree } from './words';

/** What a delegation says, in words with units and times. */
export function DelegationWords({ claims }: { claims: DelegationClaims }) {
  return (
    <Facts>
      <Fact name="Of node">
        <span className="break-all font-mono">{claims.node}</span>
      </Fact>
      <Fact name="To">
        <span className="break-all font-mono">{claims.granteeUrn}</span>
      </Fact>
      <Fact name="May hand out">
        {allAmounts(claims.rights)}; {degree(claims.degreeMilli)}
      </Fact>
      <Fact name="From">
        <Time at={new Date(claims.nbf * 1000)} />
      </Fact>
      <Fact name="Until">
        <Time at={new Date(claims.exp * 1000)} />
      </Fact>
      <Fact name="Signed by">
        <span className="break-all font-mono">{claims.iss}</span>
      </Fact>
      <Fact name="Its id">
        <span className="break-all font-mono">{claims.jti}</span>
      </Fact>
    </Facts>
  );
}

/** The claims as they stand in the statement. */
export function RawClaims({ claims }: { claims: object }) {
  return (
    <details className="text-table">
      <summary className="py-1 text-soft hover:text-ink">Every claim, as signed</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and a keyboard must reach them */}
      <pre className="mt-1 max-h-72 overflow-auto rounded border border-line bg-sunken p-2.5" tabIndex={0}>
        {JSON.stringify(claims, null, 2)}
      </pre>
    </details>
  );
}
