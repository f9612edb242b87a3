import type { ReactNode } from 'react';
import type { NodeUsageView, UsageMinute } from '@/protocol/api/usage';
import { duration } from '../../ui/format';
import { Section } from '../../ui/page';
import { Sparkline } from '../../ui/sparkline';
import { Time } from '../../ui/time';
import { Term } from '../../ui/tooltip';
import { bytes, cores, kilobits } from '../amounts';

/** Statements of others are refused beyond 300 s; a second is a clock that nobody sets. */
const SLOPPY_CLOCK_MS = 1_000;

/** What the machine is doing, as its node manager last said. */
export function NodeUsage({ usage }: { usage: NodeUsageView }) {
  const { host, trend } = usage;
  const perSecond = (amount: number) => kilobits((amount * 8) / Math.max(1, host.periodMs));
  const cpuMilli = (host.cpuMs / Math.max(1, host.periodMs)) * 1000;
  const unable = host.abilities.filter(({ able }) => !able).map(({ name }) => name);
  return (
    <Section
      aside={
        <>
          measured <Time at={usage.at} />
        </>
      }
      title="The machine now"
    >
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Trend
          label="Processor"
          limit={host.cores * 1000}
          of={(minute) => minute.cpuMilli}
          trend={trend}
          value={`${cores(cpuMilli)} of ${host.cores} cores`}
        />
        <Trend
          label="Memory"
          limit={host.memoryBytes}
          of={(minute) => minute.memoryBytes}
          trend={trend}
          value={`${bytes(host.memoryUsedBytes)} of ${bytes(host.memoryBytes)}`}
        />
        <Trend label="Received" of={(minute) => minute.bytesInRate} trend={trend} value={perSecond(host.bytesIn)} />
        <Trend label="Sent" of={(minute) => minute.bytesOutRate} trend={trend} value={perSecond(host.bytesOut)} />
      </div>
      <dl className="mt-4 grid grid-cols-2 gap-x-8 text-table sm:grid-cols-4">
        <Figure name="Load, 1 · 5 · 15 min">
          {[host.load1Milli, host.load5Milli, host.load15Milli].map((load) => (load / 1000).toFixed(2)).join(' · ')}
        </Figure>
        <Figure name="Disk in use">
          {bytes(host.diskUsedBytes)} of {bytes(host.diskBytes)}
        </Figure>
        <Figure name="Machine up">{duration(host.uptimeSeconds)}</Figure>
        <Figure
          name={
            <Term means="This node’s clock against its agent’s. Beyond 300 s what others sign is refused here.">
              Clock
            </Term>
          }
        >
          <Clock errorMs={host.clockErrorMs} offsetMs={host.clockOffsetMs} />
        </Figure>
        <Figure name="Kernel">
          <span className="break-all font-mono">{host.kernel}</span>
        </Figure>
        {unable.length > 0 && (
          <Figure
            name={
              <Term means="What this host cannot do, or does with less. On the machine: meridian node doctor says what mends it.">
                Goes without
              </Term>
            }
          >
            {unable.join(', ')}
          </Figure>
        )}
      </dl>
    </Section>
  );
}

function Clock({ offsetMs, errorMs }: { offsetMs: number | null; errorMs: number | null }) {
  if (offsetMs === null || errorMs === null) return 'not compared yet';
  const off = Math.abs(offsetMs);
  const by = off < 1000 ? `${off} ms` : duration(Math.round(off / 1000));
  if (off <= errorMs) return `right, within ${errorMs} ms`;
  return (
    <span className={off > SLOPPY_CLOCK_MS ? 'text-danger' : undefined}>
      {by} {offsetMs > 0 ? 'behind' : 'ahead'}
    </span>
  );
}

type TrendProps = {
  label: string;
  value: string;
  trend: readonly UsageMinute[];
  of: (minute: UsageMinute) => number | null;
  limit?: number;
};

/** One amount: its name, its last value in words, and how it went. */
export function Trend({ label, value, trend, of, limit }: TrendProps) {
  const [first] = trend;
  const since = first ? `since ${first.at.toISOString().slice(11, 16)} UTC` : '';
  return (
    <div className="min-w-0">
      <p className="mb-1 flex justify-between gap-3 text-table">
        <span className="text-soft">{label}</span>
        <span className="text-right tabular-nums">{value}</span>
      </p>
      <Sparkline
        label={`${label}, by the minute ${since}; now ${value}`}
        points={trend.map((minute) => ({ at: minute.at, value: of(minute) }))}
        {...(limit === undefined ? {} : { limit })}
      />
    </div>
  );
}

function Figure({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="border-line border-b py-1.5">
      <dt className="text-soft">{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}
