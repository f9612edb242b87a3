'use client';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { TerminalDialog } from '../terminal/terminal-dialog';
import { useAddress } from '../ui/address';

/** The terminal that the address names, by its node's id. */
export function SliverTerminal({ slice, rows }: { slice: SliceView; rows: readonly SliverRow[] }) {
  const [nodeId, setNodeId] = useAddress('terminal', '');
  const row = slice.may.exec ? rows.find((r) => r.node.id === nodeId && r.goneAt === null) : undefined;
  return (
    <TerminalDialog
      at={row ? { slice: slice.name, node: row.node.urn, hostname: row.node.hostname } : null}
      onClose={() => setNodeId('')}
    />
  );
}
